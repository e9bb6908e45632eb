package canon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// classes are what shown writes for the symbols of letters: other characters, then the scripts.
const classes = "*'LCGAWHKNTIR"

// shown writes the symbols of what stands before the path as characters.
func shown(a *Alphabet, symbols []uint8) string {
	text := ""
	for _, symbol := range symbols {
		if symbol >= a.letters.other {
			text += classes[symbol-a.letters.other:][:1]
			continue
		}
		c := bytes.IndexByte(a.table[domainSegment][:], symbol)
		if strings.IndexByte(hostCharacters, byte(c)) < 0 {
			c = bytes.IndexByte(a.table[suffixSegment][:], symbol)
		}
		text += string(rune(c))
	}
	return text
}

func TestAnALabelIsReadAsPeopleReadIt(t *testing.T) {
	a := DefaultAlphabet()
	if len(classes) != 1+len(a.given.Scripts) {
		t.Fatalf("%d scripts, the test knows %d", len(a.given.Scripts), len(classes)-1)
	}
	for _, test := range []struct{ name, text, want string }{
		{"ASCII", "munchen.de", "munchen.de"},
		{"a letter with marks", "münchen.de", "mu'nchen.de"},
		{"the last letter", "café.fr", "cafe'.fr"},
		{"two marks on a letter", "tiếng-việt.vn", "tie'ng-vie't.vn"},
		{"a mark that NFC knows no letter for", "m\u0323x\u0323.com", "m'x'.com"},
		{"marks that are part of a letter", "łódź-smørrebrød.pl", "l'o'dz'-smo'rrebro'd.pl"},
		{"a letter of no other", "straße-œuvre-ısı.com", "straLe-Luvre-LsL.com"},
		{"Cyrillic", "президент.рф", "CCCCCCCCC.CC"},
		{"a suffix of Cyrillic alone", "example.рф", "example.CC"},
		{"Han below ASCII", "中国.cn", "HH.cn"},
		{"Han below Han", "www.百度.中国", "HH.HH"},
		{"Hangul", "삼성.한국", "NN.NN"},
		{"Kana and Han", "ラーメン屋の.jp", "KKKKHK.jp"},
		{"Greek", "ελλάδα.gr", "GGGGGG.gr"},
		{"Arabic, with its digits", "موقع۱٢.مصر", "AAAAAA.AAA"},
		{"Hebrew", "ישראל.co.il", "WWWWW.co.il"},
		{"Thai", "ไทย.ไทย", "TTT.TTT"},
		{"Devanagari with vowel signs", "हिन्दी.भारत", "IIIIII.IIII"},
		{"Georgian", "ქართული.com", "RRRRRRR.com"},
		{"emoji", "i❤.ws", "i*.ws"},
		{"an emoji of a high plane", "💩.la", "*.la"},
		{"Cyrillic among Latin", "pаypal.com", "pCypal.com"},
		{"all that looks like a name", "аррӏе.com", "CCCCC.com"},
		{"sub-domains", "bücher.shop.münchen.example.co.uk", "bu'cher.shop.mu'nchen.example.co.uk"},
		{"a port", "bücher.example:8080", "bu'cher.example:8080"},
		{"no punycode", "xn--0.com", "xn--0.com"},
		{"no punycode beside some", "xn--0.bücher.xn--.example", "xn--0.bu'cher.xn--.example"},
		{"ASCII encoded", "xn--paypal-.com", "xn--paypal-.com"},
		{"xn-- within a label", "a.bxn--fiqs8s.com", "a.bxn--fiqs8s.com"},
		{"more symbols than bytes", "üüüüüüüüüüüüüüü.com", "uuuuuuuuuuuuuuu.com"},
		{"longer than labels of DNS", "xn--" + strings.Repeat("a", 57) + "-3ya.com", "xn--" + strings.Repeat("a", 57) + "-3ya.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u URL
			if err := u.Parse(test.text); err != nil {
				t.Fatal(err)
			}
			if got := shown(a, a.Append(nil, &u, 100)); got != test.want {
				t.Errorf("%q (%q) is read %q, want %q", test.text, &u, got, test.want)
			}
			checkReading(t, a, &u, 100)
		})
	}
}

// checkReading checks that each symbol is one of the alphabet and has a position of its own.
func checkReading(t *testing.T, a *Alphabet, u *URL, limit int) {
	t.Helper()
	symbols, positions := a.Append(nil, u, limit), a.AppendPositions(nil, u, limit)
	if len(symbols) != len(positions) || len(symbols) == 0 {
		t.Fatalf("%q has %d symbols at %d positions", u, len(symbols), len(positions))
	}
	before := -1
	for i, at := range positions {
		if at <= before || at >= len(u.text) {
			t.Fatalf("%q: position %d of %d follows %d", u, at, len(u.text), before)
		}
		before = at
		if int(symbols[i]) >= a.Symbols() || symbols[i] <= End {
			t.Fatalf("%q has the symbol %d, want 2 to %d", u, symbols[i], a.Symbols()-1)
		}
		if c := u.text[at]; (c == '.' || at >= u.port) && symbols[i] != a.table[userSegment][c] && symbols[i] != a.table[domainSegment][c] && symbols[i] != a.table[suffixSegment][c] {
			t.Fatalf("%q: symbol %d stands at %q", u, symbols[i], c)
		}
	}
}

func TestSymbolsOfALabelsHavePositionsInThem(t *testing.T) {
	for text, want := range map[string]string{
		"bücher.de/a": "xn~-~c~e~-~v~.de/a", // b, u, mark, c, h, e, r
		"中国.cn":       "x~~~~i~~~~.cn",
		"a.百度":        "a.x~~~~x~~~~~",
	} {
		var u URL
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		read := bytes.Repeat([]byte("~"), len(u.text))
		for _, at := range DefaultAlphabet().AppendPositions(nil, &u, 100) {
			read[at] = u.text[at]
		}
		if string(read) != want {
			t.Errorf("of %q is read %q, want %q", &u, read, want)
		}
	}
}

func TestViewsOfALabels(t *testing.T) {
	a := DefaultAlphabet()
	var u URL
	if err := u.Parse("почта.президент.рф/a"); err != nil {
		t.Fatal(err)
	}
	symbols, views := a.AppendViews(nil, &u, 100)
	start := 0
	for i, want := range []string{"CCCCCCCCC.CC", "CCCCC.CCCCCCCCC.CC", "CCCCC.CCCCCCCCC.CC"} {
		got := symbols[start:views.Ends[i]]
		if i == WholeView {
			got = got[:len(got)-len("/a")]
		}
		if shown(a, got) != want {
			t.Errorf("view %d is read %q, want %q", i, shown(a, got), want)
		}
		start = views.Ends[i]
	}
}

func TestAnAlphabetWithoutLettersReadsPunycode(t *testing.T) {
	for _, a := range []*Alphabet{placeless(t), splitHost(t, nil)} {
		for _, text := range []string{"bücher.münchen.de/ü", "中国.中国", "a.xn--0"} {
			var u URL
			if err := u.Parse(text); err != nil {
				t.Fatal(err)
			}
			if positions := a.AppendPositions(nil, &u, 1000); len(positions) != len(u.text) {
				t.Errorf("of %q are read the bytes %v, want all", &u, positions)
			}
			if symbols := a.Append(nil, &u, 1000); len(symbols) != len(u.text) {
				t.Errorf("%q has %d symbols, want one for each byte", &u, len(symbols))
			}
		}
	}
}

func TestLettersReadBackEqual(t *testing.T) {
	for _, operators := range [][]string{nil, ownOperators()} {
		a, err := NewAlphabet(DefaultAlphabet().groups, operators, DefaultAlphabet().given)
		if err != nil {
			t.Fatal(err)
		}
		written, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseAlphabet(written)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(read)
		if err != nil || !bytes.Equal(written, again) {
			t.Errorf("%s is written again as %s (%v)", written, again, err)
		}
		text := "łódź.президент.中国"
		if got, want := symbolsOf(t, read, text, 100), symbolsOf(t, a, text, 100); !slices.Equal(got, want) {
			t.Errorf("symbols are %v after reading back, %v before", got, want)
		}
	}
}

func TestNewAlphabetRefusesLetters(t *testing.T) {
	marks := Script{"Mark", [][2]rune{{0x300, 0x36f}}}
	for _, test := range []struct {
		name    string
		letters Letters
		want    string
	}{
		{"no scripts", Letters{}, "no scripts"},
		{"no letter", Letters{[]string{""}, []Script{marks}}, `"" do not begin with one of ASCII`},
		{"a letter outside ASCII", Letters{[]string{"ue"}, []Script{marks}}, `marked letter 'e' is of ASCII`},
		{"marks on a letter outside ASCII", Letters{[]string{"üu"}, []Script{marks}}, `"üu" do not begin with one of ASCII`},
		{"a letter twice", Letters{[]string{"uü", "oü"}, []Script{marks}}, `marked letter 'ü' is of ASCII or stands twice`},
		{"no UTF-8", Letters{[]string{"u\xff"}, []Script{marks}}, "do not begin"},
		{"too many marked letters", Letters{[]string{"u" + strings.Repeat("ü", maxMarked+1)}, []Script{marks}}, "want at most"},
		{"ranges that overlap", Letters{nil, []Script{marks, {"Greek", [][2]rune{{0x36f, 0x3ff}}}}}, "U+036F to U+03FF"},
		{"a range that ends before it begins", Letters{nil, []Script{{"Mark", [][2]rune{{0x301, 0x300}}}}}, "U+0301 to U+0300"},
		{"ASCII", Letters{nil, []Script{{"Mark", [][2]rune{{0x7f, 0x80}}}}}, "U+007F"},
		{"beyond Unicode", Letters{nil, []Script{{"Mark", [][2]rune{{0x300, 0x110000}}}}}, "U+110000"},
		{"too many symbols", Letters{nil, make([]Script, 100)}, "more than 256 symbols"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewAlphabet(DefaultAlphabet().groups, nil, &test.letters)
			if err == nil || !strings.HasPrefix(err.Error(), "alphabet: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestReadingALabelsAllocatesNothing(t *testing.T) {
	a := DefaultAlphabet()
	var u URL
	var symbols []uint8
	for _, text := range []string{"bücher.münchen.de/a", "президент.рф", "xn--0.com", strings.Repeat("ü", 50) + ".中国"} {
		if err := u.Parse(text); err != nil {
			t.Fatal(err)
		}
		symbols = slices.Grow(symbols, 1000)
		if allocations := testing.AllocsPerRun(100, func() { symbols, _ = a.AppendViews(symbols[:0], &u, 200) }); allocations != 0 {
			t.Errorf("%q costs %v allocations, want 0", text, allocations)
		}
	}
}

// The properties: symbols are in the alphabet, positions ascend, an alphabet without letters reads
// every byte, and a host without an A-label is read alike by both.
func FuzzLetters(f *testing.F) {
	for _, seed := range []string{
		"bücher.de/ü", "президент.рф", "a.中国:81/b?c#d", "xn--0.xn--a-ecp.xn--", strings.Repeat("ü", 59), "xn--%ff-3ya.com", "xn--" + strings.Repeat("9", 59),
		"d1.xn--fiqs8s.cloudfront.net", strings.Repeat("xn--tda.", 100), "..xn--tda..", "xn---tda", "[::1]", "xn--\u00fc.com",
	} {
		f.Add(seed)
	}
	a := DefaultAlphabet()
	without, err := NewAlphabet(a.groups, a.suffixes, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var u URL
		if u.Parse(text) != nil {
			return
		}
		checkReading(t, a, &u, 100)
		as, bytewise := a.Append(nil, &u, 100), without.Append(nil, &u, 100)
		switch {
		case len(as) > len(bytewise):
			t.Fatalf("%q has %d symbols, of its bytes are read %d", &u, len(as), len(bytewise))
		case !bytes.Contains(u.Host(), []byte("xn--")) && !slices.Equal(as, bytewise):
			t.Fatalf("%q is read %v with letters, %v without", &u, as, bytewise)
		}
	})
}

func TestALabelsAreReadThroughEveryDoor(t *testing.T) {
	a := DefaultAlphabet()
	var u URL
	want := ""
	for _, test := range []struct {
		name, text string
		parse      func(string) error
	}{
		{"in Unicode", "münchen.de", u.Parse},
		{"plain", "xn--mnchen-3ya.de", u.Parse},
		{"a plain URL", "https://www.xn--mnchen-3ya.de/", u.Parse},
		{"a URL that is not", "HTTPS://xn--mnchen-3ya.de:443", u.Parse},
		{"a record", "xn--mnchen-3ya.de", u.ParseName},
		{"a record with an escape", `xn--mnchen\0453ya.de`, u.ParseName},
	} {
		if err := test.parse(test.text); err != nil {
			t.Fatal(err)
		}
		symbols, _ := a.AppendViews(nil, &u, 100)
		if want == "" {
			want = string(symbols)
		}
		if string(symbols) != want || string(a.Append(nil, &u, 100)) != want || len(symbols) == len(u.Bytes()) {
			t.Errorf("%s: symbols of %q are %d, want %d", test.name, test.text, symbols, []byte(want))
		}
	}
}

func BenchmarkAppendALabels(b *testing.B) {
	for _, text := range []string{"zis32msdi3.com", "bücher.münchen.de", "президент.рф"} {
		for _, letters := range []*Letters{nil, DefaultAlphabet().given} {
			b.Run(fmt.Sprintf("%s/letters=%v", text, letters != nil), func(b *testing.B) {
				a, err := NewAlphabet(DefaultAlphabet().groups, ownOperators(), letters)
				if err != nil {
					b.Fatal(err)
				}
				benchmarkAppend(b, a, text)
			})
		}
	}
}
