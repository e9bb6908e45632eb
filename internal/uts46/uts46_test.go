package uts46

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// write writes a host as the canonical form of a URL has it.
func write(host []byte) string {
	var text strings.Builder
	for _, c := range host {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' {
			text.WriteByte(c)
		} else {
			fmt.Fprintf(&text, "%%%02X", c)
		}
	}
	return text.String()
}

func canonical(host string) string { return write(Append(nil, []byte(host))) }

func TestAppend(t *testing.T) {
	for _, test := range []struct{ name, host, want string }{
		{"ASCII", "a.b-c._d", "a.b-c._d"},
		{"empty", "", ""},
		{"Latin", "münchen.de", "xn--mnchen-3ya.de"},
		{"Cyrillic", "пример.рф", "xn--e1afmkfd.xn--p1ai"},
		{"Japanese", "例え.jp", "xn--r8jz45g.jp"},
		{"hyphens anywhere", "ab--cdü.-ü-", "xn--ab--cd-8ya.xn-----xka"},
		{"an underscore", "_ü", "xn--_-eha"},
		{"capital letters", "MÜNCHEN.ПРИМЕР", "xn--mnchen-3ya.xn--e1afmkfd"},

		{"sharp s is a letter", "straße.de", "xn--strae-oqa.de"},
		{"capital sharp s is the small one", "sparkaẞe.de", "xn--sparkae-5va.de"},
		{"final sigma is a letter", "βόλος.com", "xn--nxasmm1c.com"},

		{"every dot", "a。b.c｡d", "a.b.c.d"},
		{"empty labels", "。。ü。", "..xn--tda."},
		{"fullwidth letters", "ＧＯＯＧＬＥ．ｃｏｍ", "google.com"},
		{"a fullwidth address", "１２７。0.0.1", "127.0.0.1"},
		{"escaped fullwidth letters", "％70aypal.com", "paypal.com"},
		{"an escaped dot", "a％2Eb", "a.b"},
		{"letters of Unicode 16", "a\U0001CCD6\U0001CCEF\U0001CCF9b", "aaz9b"},
		{"a letter of Unicode 17", "\uA7F1b", "sb"},
		{"a letter of Unicode 18", "a\u209D", "aw"},
		{"an unequal sign", "a≠b", "xn--ab-miv"},
		{"a space", "a\u3000b.\u00A8", "a%20b.xn--%20-ccb"},

		{"decomposed", "mu\u0308nchen.de", "xn--mnchen-3ya.de"},
		{"marks out of order", "u\u0308\u0323.\u1EE5\u0308", "xn--ssa973l.xn--ssa973l"},
		{"decomposed Hangul", "\u1112\u1161\u11ab\u1100\u1173\u11af.kr", "xn--bj0bj06e.kr"},
		{"compositions of Unicode 16", "\U000105D2\u0307.\U00016D63\U00016D67\U00016D67", "xn--ev8c.xn--dj0f"},

		{"ignored characters", "pay\u00AD\u034F\u115F\u1160\u17B4\u17B5\u180B\u180E\u180F\u200B\u2060\u2063\u2064" +
			"\u206A\u206F\u3164\uFE0F\uFEFF\uFFA0\U0001BCA0\U0001D173\U0001D17A\U000E0100pal.com", "paypal.com"},
		{"more ignored characters than any limit", strings.Repeat("\u00AD", 70_000) + "google.com", "google.com"},
		{"a label of ignored characters", "a.\u00AD.b", "a..b"},
		{"ignored characters in an A-label", "x\u00ADn--mnchen-3ya.de", "xn--mnchen-3ya.de"},
		{"ignored characters between marks", "u\u200B\u0308", "xn--tda"},

		{"A-labels stay", "xn--mnchen-3ya.xn--a.xn--example-.xn--.ü", "xn--mnchen-3ya.xn--a.xn--example-.xn--.xn--tda"},
		{"no A-label of an A-label", "xn--ü.ｘn--ü", "xn--%C3%BC.%EF%BD%98n--%C3%BC"},
		{"joiners and directions are not checked", "a\u200Db.אa1.\u0301a", "xn--ab-m1t.xn--a1-uld.xn--a-wbb"},

		{"one bad label", "ü.\uFFFD.ü", "xn--tda.%EF%BF%BD.xn--tda"},
		{"a bad label loses what is ignored", "a\u00AD\u202Eb", "a%E2%80%AEb"},
		{"no UTF-8", "ü.\xff\u00ADü。ü", "xn--tda.%FF%C2%AD%C3%BC.xn--tda"},
		{"an ignored character that parts bytes of one", "\xc3\u00AD\xbc", "%C3%C2%AD%BC"},
		{"a surrogate", "\xed\xa0\x80", "%ED%A0%80"},
		{"what stands in no host", "ü/.a＠b.ü%zz.a％2541.％c3％bc.\u00AD%", "%C3%BC%2F.a%EF%BC%A0b.%C3%BC%25zz." +
			"a%EF%BC%852541.%EF%BC%85c3%EF%BC%85bc.%25"},
		{"other punctuation", "ü;.a\u00AD,", "xn--%3B-dha.a%2C"},
		{"not yet a character", "a\U0003FFFDb", "a%F0%BF%BF%BDb"},
		{"as long as can be", strings.Repeat("ü", 1000), "xn--t" + "da" + strings.Repeat("a", 999)},
		{"longer", strings.Repeat("ü", 1001), strings.Repeat("%C3%BC", 1001)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := canonical(test.host); got != test.want {
				t.Errorf("%+q is %s, want %s", test.host, got, test.want)
			}
		})
	}
}

// The strings are those of RFC 3492, section 7.1.
func TestPunycode(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"Arabic", "ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"},
		{"Chinese", "他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
		{"Czech", "pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"},
		{"Hebrew", "למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"},
		{"Hindi", "यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"},
		{"Japanese", "なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"},
		{"Korean", "세계의모든사람들이한국어를이해한다면얼마나좋을까",
			"989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c"},
		{"Russian", "почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"},
		{"Vietnamese", "tạisaohọkhôngthểchỉnóitiếngviệt", "tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g"},
		{"in ASCII for a part", "3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"},
		{"supplementary", "a😀b😀", "ab-no82aba"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := appendPunycode(nil, []rune(test.text)); string(got) != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

var common = []string{"münchen.de", "пример.рф", "例え.jp", "ＧＯＯＧＬＥ。ｃｏｍ", "mu\u0308nchen.de", "a\xff.ü", "한국.kr"}

func TestAppendAllocatesNothing(t *testing.T) {
	for _, host := range common {
		dst, text := make([]byte, 0, 256), []byte(host)
		if n := testing.AllocsPerRun(10, func() { dst = Append(dst[:0], text) }); n > 0 {
			t.Errorf("%+q: %v allocations", host, n)
		}
	}
}

// FuzzAppend holds that Append changes nothing in its own result, works on each label for itself,
// and loses no character of an A-label.
func FuzzAppend(f *testing.F) {
	for _, host := range append(common, "a。\u00AD.xn--a", "％41％2e％c3", "\xc3\u00AD\xbc", "\u1112\u1161\u11ab", "xn--ü/") {
		f.Add([]byte(host))
	}
	f.Fuzz(func(t *testing.T, host []byte) {
		host = bytes.ToLower(host)
		once := Append([]byte("kept"), host)
		if !bytes.HasPrefix(once, []byte("kept")) {
			t.Fatalf("%+q: what stood before the host is %+q", host, once)
		}
		once = once[len("kept"):]
		if twice := Append(nil, once); !bytes.Equal(once, twice) {
			t.Errorf("%+q is %+q, and that is %+q", host, once, twice)
		}

		dots := strings.NewReplacer("\u3002", ".", "\uFF0E", ".", "\uFF61", ".")
		var labels []string
		for label := range strings.SplitSeq(dots.Replace(string(host)), ".") {
			labels = append(labels, string(Append(nil, []byte(label))))
			var memory [usual]rune
			characters, composed, ok := mapLabel(memory[:0], []byte(label))
			if !ok || !utf8.ValidString(label) {
				continue
			}
			if !composed {
				characters = compose(characters)
			}
			if isASCII([]byte(string(characters))) {
				continue
			}
			if decoded, ok := appendUnicode(nil, appendPunycode(nil, characters)); !ok || string(decoded) != string(characters) {
				t.Errorf("%+q is %+q in punycode", string(characters), string(decoded))
			}
		}
		if joined := strings.Join(labels, "."); joined != string(once) {
			t.Errorf("%+q is %+q, and label by label %+q", host, once, joined)
		}
	})
}

// FuzzAppendDecoded holds that a label which is decoded is encoded as it was, and has a character
// outside ASCII.
func FuzzAppendDecoded(f *testing.F) {
	for _, label := range []string{
		"xn--pypal-4ve", "xn--h1alffa9f", "xn--mnchen-3ya", "xn--", "xn---", "xn--a-", "xn--a--", "xn--99999999", "xn--zzzzzzzzzzzzz", "xn--n3h",
		"xn--ls8h", "xn---tda", "xn----tda", "xn--a\xff-tda", "xn--0", "xn--" + strings.Repeat("a", 60), "a", "xn--000a000bxzc00zxzy0bzxcx0bzxbz00a",
	} {
		f.Add([]byte(label))
	}
	f.Fuzz(func(t *testing.T, label []byte) {
		label = bytes.ToLower(label)
		before := []rune("kept")
		characters, ok := AppendDecoded(before, label)
		if string(characters[:len(before)]) != "kept" {
			t.Fatalf("%+q: what stood before is %+q", label, string(characters))
		}
		characters = characters[len(before):]
		if !ok {
			if len(characters) > 0 {
				t.Fatalf("%+q is no A-label and becomes %+q", label, string(characters))
			}
			return
		}
		if again := appendPunycode([]byte("xn--"), characters); !bytes.Equal(again, label) || !utf8.ValidString(string(characters)) {
			t.Errorf("%+q is %+q, and that %+q", label, string(characters), again)
		}
		if isASCII([]byte(string(characters))) {
			t.Errorf("%+q is %+q, which needs no encoding", label, string(characters))
		}
	})
}

func TestAppendDecoded(t *testing.T) {
	for _, test := range []struct{ name, label, want string }{ // want is empty for what is no A-label
		{"Latin", "xn--mnchen-3ya", "münchen"},
		{"Cyrillic", "xn--p1ai", "рф"},
		{"Han", "xn--fiqs8s", "中国"},
		{"a high plane", "xn--ls8h", "💩"},
		{"hyphens", "xn--ab--cd-8ya", "ab--cdü"},
		{"the last code point", "xn--dn32g", "\U0010FFFF"},
		{"beyond the last code point", "xn--en32g", ""},
		{"half a surrogate pair", "xn--ib9b", ""},
		{"a number that never ends", "xn--999", ""},
		{"a number that is too large", "xn--" + strings.Repeat("9", 20) + "a", ""},
		{"ASCII", "mnchen-3ya", ""},
		{"ASCII encoded", "xn--munchen-", ""},
		{"nothing encoded", "xn--", ""},
		{"a delimiter without letters", "xn---tda", ""},
		{"no digit", "xn--a-%", ""},
		{"a capital letter", "xn--mnchen-3YA", ""},
		{"63 bytes", "xn--" + strings.Repeat("a", 55) + "-oxf", "ü" + strings.Repeat("a", 55)},
		{"64 bytes", "xn--" + strings.Repeat("a", 56) + "-q2a", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var memory [longestName]rune
			got, ok := AppendDecoded(memory[:0], []byte(test.label))
			if string(got) != test.want || ok != (test.want != "") {
				t.Errorf("%+q, %v, want %+q", string(got), ok, test.want)
			}
			if n := testing.AllocsPerRun(10, func() { AppendDecoded(memory[:0], []byte(test.label)) }); n > 1 { // the label itself
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	// 20,000 different characters, in labels as long as can be
	var long strings.Builder
	for i := range 20_000 {
		long.WriteRune(rune(0x4E00 + 19_999 - i))
		if i%maxLabel == maxLabel-1 {
			long.WriteByte('.')
		}
	}
	for _, test := range []struct{ name, host string }{
		{"latin", "münchen.de"},
		{"cyrillic", "пример.рф"},
		{"japanese", "例え.jp"},
		{"decomposed", "mu\u0308nchen.de"},
		{"long", long.String()},
	} {
		b.Run(test.name, func(b *testing.B) {
			host := []byte(test.host)
			dst := Append(nil, host)
			if !bytes.HasPrefix(dst, []byte("xn--")) {
				b.Fatalf("%s", dst)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(host)))
			for b.Loop() {
				dst = Append(dst[:0], host)
			}
		})
	}
}
