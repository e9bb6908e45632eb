module github.com/snowman-ml/snowman

go 1.26.0

require (
	github.com/rogpeppe/go-internal v1.16.0
	github.com/weppos/publicsuffix-go v0.50.3
	golang.org/x/net v0.62.0
	golang.org/x/sys v0.49.0
	google.golang.org/protobuf v1.36.12
)

require (
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
)
