package retrain

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTraffic(t *testing.T) {
	const zeek = "#separator \\x09\n#fields\tts\tquery\n1.0\tB.tests.net\n1.0\t-\n2.0\tb.tests.net\n3.0\t_dmarc.tests.net\n"
	for _, test := range []struct {
		name  string
		files []string
		want  []string
		err   string
	}{
		{"a list and a log", []string{"b.org\nhttps://a.org/x\ntwo words\n", zeek}, []string{"_dmarc.tests.net", "a.org/x", "b.org", "b.tests.net"}, ""},
		{"none", nil, nil, ""},
		{"no name", []string{"two words\n"}, nil, "want a log, or one a line"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var paths []string
			for i, content := range test.files {
				path := filepath.Join(t.TempDir(), string(rune('a'+i)))
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				paths = append(paths, path)
			}
			got, err := readTraffic(t.Context(), paths)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
}
