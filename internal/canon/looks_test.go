package canon

import (
	"os"
	"strings"
	"testing"
)

// readLooks reads lines of programs and people, each with what it looks like.
func readLooks(t testing.TB) (texts, wants []string) {
	t.Helper()
	content, err := os.ReadFile("testdata/looks.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if name, found := strings.CutPrefix(line, "== "); found {
			want = strings.TrimPrefix(name, "nothing")
			continue
		}
		texts, wants = append(texts, line), append(wants, want)
	}
	return texts, wants
}

func TestLooksLike(t *testing.T) {
	texts, wants := readLooks(t)
	for i, text := range texts {
		if got := LooksLike(text); got != wants[i] {
			t.Errorf("%q looks like %q, want %q", text, got, wants[i])
		}
	}
}

func TestLooksLikeOfOddTexts(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"blanks", " \t ", ""},
		{"a byte order mark and blanks around", "\ufeff  #fields\tts  ", "a Zeek log"},
		{"bytes of a packet capture", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "binary data"},
		{"other controls", "\x01\x02\x03\x04\x05", "binary data"},
		{"a colour", "\x1b[31mred\x1b[0m is seen", "several fields"},
		{"no UTF-8", "\xff\xfe \xc3(", "several fields"},
		{"a carriage return behind it", "Subject: x\r", "an e-mail"},
		{"what stands far behind is not looked at", strings.Repeat("x", lookedAt) + " dnsmasq[1]: ", ""},
		{"a long text", "#fields\t" + strings.Repeat("x", 1<<20), "a Zeek log"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := LooksLike(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// FuzzLooksLike holds that the answer is one of those in the table, and depends on nothing beyond
// what is looked at.
func FuzzLooksLike(f *testing.F) {
	texts, _ := readLooks(f)
	for _, text := range texts {
		f.Add(text)
	}
	known := map[string]bool{"": true, "binary data": true}
	for _, look := range looks {
		known[look.name] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := LooksLike(text)
		if !known[got] {
			t.Errorf("%q looks like %q, which no row says", text, got)
		}
		if len(text) >= lookedAt && LooksLike(text+"\x00 dnsmasq[1]: query") != got {
			t.Errorf("what stands behind %d bytes counts", lookedAt)
		}
	})
}

func TestARefusedTextLooksAsItCame(t *testing.T) {
	var u URL
	if err := u.Parse(`{"a": "x.example", "b": [1, 2], "c": 3}`); err == nil || !strings.HasSuffix(err.Error(), "looks like JSON") {
		t.Errorf("%v", err)
	}
}
