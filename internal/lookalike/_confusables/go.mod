module github.com/snowman-ml/snowman/internal/lookalike/_confusables

go 1.26.0

require (
	go.mau.fi/util v0.9.4
	golang.org/x/net v0.62.0
)

require golang.org/x/text v0.43.0 // indirect
