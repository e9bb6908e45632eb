package render

import (
	"testing"

	"github.com/snowman-ml/snowman"
)

func TestDefang(t *testing.T) {
	for text, want := range map[string]string{
		"a.example.com":               "a[.]example[.]com",
		"http://a.example/x.html?y.z": "hxxp://a[.]example/x.html?y.z",
		"HTTPS://a.example":           "hxxps://a[.]example",
		"ftp://a.example/":            "ftp://a[.]example/",
		"192.0.2.1:80":                "192[.]0[.]2[.]1:80",
		"http://[2001:db8::1]/":       "hxxp://[2001:db8::1]/",
		"hxxp://a[.]example":          "hxxp://a[.]example",
		`foo\.bar.example`:            `foo\.bar[.]example`,
		"":                            "",
	} {
		got := Defang(text)
		if got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if again := Defang(got); again != got {
			t.Errorf("%q becomes %q once more", got, again)
		}
	}
	for _, text := range []string{"a.example.com", "https://a.example/x.html?y.z", "192.0.2.1:80"} {
		plain, err := snowman.Canonical(text)
		defanged, err2 := snowman.Canonical(Defang(text))
		if err != nil || err2 != nil || plain != defanged {
			t.Errorf("%q is read as %q, %v, and defanged as %q, %v", text, plain, err, defanged, err2)
		}
	}
}
