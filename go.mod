module github.com/snowman-ml/snowman

go 1.26

require (
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
