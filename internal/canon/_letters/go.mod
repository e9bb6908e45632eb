module github.com/snowman-ml/snowman/internal/canon/_letters

go 1.26.0

require golang.org/x/text v0.43.0
