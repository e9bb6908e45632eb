package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/snowman-ml/snowman/internal/enrich"
)

// Records that are made have the names that they were made with, and many different ones.
func TestRecordsAreMade(t *testing.T) {
	for _, sample := range samples {
		t.Run(sample.file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("../../logs/testdata", sample.file))
			if err != nil {
				t.Fatal(err)
			}
			m, err := newMaker(text, sample.format)
			if err != nil {
				t.Fatal(err)
			}
			const records = 4000
			seen := make(map[string]bool)
			named := 0
			for number := range records {
				line, names := m.next(number)
				if len(line) == 0 || line[len(line)-1] != '\n' {
					t.Fatalf("record %d is %q", number, line)
				}
				for _, name := range names {
					named++
					seen[string(enrich.AppendName(nil, name))] = true
				}
			}
			t.Logf("%d names in %d records, %d different", named, records, len(seen))
			if sample.format == "windows-dns" { // names stand there with their lengths
				return
			}
			if named < records/4 || len(seen) < named/8 {
				t.Errorf("%d names in %d records, %d different", named, records, len(seen))
			}
		})
	}
}
