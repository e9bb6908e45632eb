package plain

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func zstandard(t testing.TB, text string, options ...zstd.EOption) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, append(options, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// inUTF16 returns the text in UTF-16 with a byte order mark.
func inUTF16(text string, bigEndian bool) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		if bigEndian {
			b = append(b, byte(unit>>8), byte(unit))
		} else {
			b = append(b, byte(unit), byte(unit>>8))
		}
	}
	return string(b)
}

const text = "q.com\nbücher.de\n例え.テスト\n🙂.ws\n"

func TestReader(t *testing.T) {
	long := strings.Repeat(text, 4_000)
	tests := []struct{ name, stream, want string }{
		{"nothing", "", ""},
		{"text", text, text},
		{"one byte", "q", "q"},
		{"a byte order mark", "\ufeff" + text, text},
		{"half a byte order mark", "\xef\xbb", "\xef\xbb"},
		{"half a magic number", "\x1f", "\x1f"},
		{"a bracket, with which zstd begins too", "(q.com)\n", "(q.com)\n"},
		{"a bracket alone", "(", "("},
		{"no UTF-8", "\xf0\xd2\xc5\xda.ru\n", "\xf0\xd2\xc5\xda.ru\n"},
		{"UTF-16, little endian", inUTF16(text, false), text},
		{"UTF-16, big endian", inUTF16(text, true), text},
		{"UTF-16, long", inUTF16(long, false), long},
		{"UTF-16 with half a character", inUTF16("q", false) + "x", "q\ufffd"},
		{"UTF-16 with surrogates alone", "\xfe\xff\xd8\x00\x00q\xdc\x00\xd8\x00", "\ufffdq\ufffd\ufffd"},
		{"UTF-16 with two first surrogates", "\xfe\xff\xd8\x3d\xd8\x3d\xde\x42", "\ufffd🙂"},
		{"a byte order mark of UTF-16 alone", "\xff\xfe", ""},
		{"gzip", gzipped(text), text},
		{"gzip of nothing", gzipped(""), ""},
		{"gzip, several members", gzipped(text) + gzipped("") + gzipped("x.com\n"), text + "x.com\n"},
		{"gzip of UTF-16", gzipped(inUTF16(text, true)), text},
		{"gzip of a byte order mark and text", gzipped("\ufeff" + text), text},
		{"gzip of gzip, which is no text", gzipped(gzipped(text)), gzipped(text)},
		{"gzip, long", gzipped(long), long},
		{"zstd", zstandard(t, text), text},
		{"zstd, several frames", zstandard(t, text) + zstandard(t, "x.com\n"), text + "x.com\n"},
		{"zstd behind a frame to be skipped", "\x50\x2a\x4d\x18\x04\x00\x00\x00size" + zstandard(t, text), text},
		{"zstd behind two, the first empty", "\x5f\x2a\x4d\x18\x00\x00\x00\x00\x51\x2a\x4d\x18\x01\x00\x00\x00q" + zstandard(t, text), text},
		{"a letter with which a frame to be skipped begins", "Q", "Q"},
		{"a letter and a star, as such a frame begins", "Q*q.com\n", "Q*q.com\n"},
		{"zstd of UTF-16", zstandard(t, inUTF16(text, false)), text},
		{"zstd, long", zstandard(t, long), long},
		{"zstd with the largest window", zstandard(t, long, zstd.WithWindowSize(maxWindow)), long},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sources := map[string]io.Reader{
				"at once":               strings.NewReader(test.stream),
				"byte by byte":          iotest.OneByteReader(strings.NewReader(test.stream)),
				"with the end at once":  iotest.DataErrReader(strings.NewReader(test.stream)),
				"half of what is asked": iotest.HalfReader(strings.NewReader(test.stream)),
			}
			for how, source := range sources {
				got, err := io.ReadAll(NewReader(source))
				if err != nil || string(got) != test.want {
					t.Errorf("%s: got %.80q, %v, want %.80q", how, got, err, test.want)
				}
			}
		})
	}
}

func TestReaderOfDamage(t *testing.T) {
	long := strings.Repeat(text, 4_000)
	whole := gzipped(long)
	tests := []struct{ name, stream, want string }{
		{"gzip that ends early", whole[:len(whole)/2], "reading gzip: it ends in the middle: unexpected EOF"},
		{"gzip that ends in its header", whole[:5], "reading gzip: it ends in the middle: unexpected EOF"},
		{"gzip with a flipped bit", whole[:len(whole)-8] + "\x00" + whole[len(whole)-7:], "reading gzip: gzip: invalid checksum"},
		{"gzip with something behind it", whole + "google.com\n", "reading gzip: gzip: invalid header"},
		{"zstd that ends early", zstandard(t, long)[:40], "reading zstd: it ends in the middle: unexpected EOF"},
		{"zstd with something behind it", zstandard(t, text) + "q.com", "reading zstd: invalid input: magic number mismatch"},
		{"zstd with a window of 128 MiB", "\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00",
			"reading zstd: its window is larger than 8 MiB: compress it without --long and --ultra"},
		{"zstd of 1 GiB in one segment", "\x28\xb5\x2f\xfd\xa0\x00\x00\x00\x40\x01\x00\x00",
			"reading zstd: its window is larger than 8 MiB: compress it without --long and --ultra"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := io.ReadAll(NewReader(strings.NewReader(test.stream)))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if !strings.HasPrefix(long, string(got)) {
				t.Errorf("what was read is %.80q", got)
			}
		})
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(NewReader(iotest.ErrReader(broken))); err != broken {
		t.Errorf("got %v, want the source's error", err)
	}
}

// TestReaderKeepsWhatCameBeforeDamage holds that the lines before a break are not lost.
func TestReaderKeepsWhatCameBeforeDamage(t *testing.T) {
	long := strings.Repeat(text, 4_000)
	for name, stream := range map[string]string{"gzip": gzipped(long), "zstd": zstandard(t, long)} {
		got, _ := io.ReadAll(NewReader(strings.NewReader(stream[:len(stream)-9])))
		if len(got) < len(long)/2 || !strings.HasPrefix(long, string(got)) {
			t.Errorf("%s: %d bytes of %d", name, len(got), len(long))
		}
	}
}

// TestReaderDoesNotWait holds that what has come is handed on before more is asked for.
func TestReaderDoesNotWait(t *testing.T) {
	for _, parts := range [][]string{
		{"q\n"}, {"q.com\n", "x.com\n"}, {"(\n"}, {"\xef\xbb\xbfq\n", "x\n"}, {"\xff\xfeq\x00\n\x00", "x\x00\n\x00"},
	} {
		source := &inParts{parts: slices.Clone(parts)}
		r := NewReader(source)
		for i := range parts {
			source.open = i + 1
			buffer := make([]byte, 1<<10)
			for !source.isEmpty() || i == 0 && source.given == 0 {
				if n, err := r.Read(buffer); n == 0 || err != nil {
					t.Errorf("%q: read %d bytes, %v", parts[i], n, err)
				}
			}
		}
	}
}

// TestReaderDoesNotWaitForPackedText holds the same of what a writer of packed text has flushed.
func TestReaderDoesNotWaitForPackedText(t *testing.T) {
	type flusher interface {
		io.Writer
		Flush() error
	}
	pack := map[string]func(io.Writer) flusher{
		"gzip": func(w io.Writer) flusher { return gzip.NewWriter(w) },
		"zstd": func(w io.Writer) flusher {
			packer, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			if err != nil {
				t.Fatal(err)
			}
			return packer
		},
	}
	for name, newPacker := range pack {
		var packed bytes.Buffer
		packer := newPacker(&packed)
		source := &inParts{open: 1}
		r := NewReader(source)
		for i, line := range []string{"q.com\n", "x.com\n", "z.com\n"} {
			io.WriteString(packer, line)
			if err := packer.Flush(); err != nil {
				t.Fatal(err)
			}
			source.parts, source.open = append(source.parts, packed.String()), i+1
			packed.Reset()
			got := make([]byte, len(line))
			if _, err := io.ReadFull(r, got); err != nil || string(got) != line {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, line)
			}
		}
	}
}

// TestReaderDoesNotWaitBehindAMember holds the same of a whole member of gzip or frame of zstd.
func TestReaderDoesNotWaitBehindAMember(t *testing.T) {
	for name, pack := range map[string]func(string) string{
		"gzip": gzipped,
		"zstd": func(text string) string { return zstandard(t, text) },
	} {
		packed := pack(text)
		source := &inParts{parts: []string{packed, packed}}
		r := NewReader(source)
		for i := range source.parts {
			source.open = i + 1
			got := make([]byte, len(text))
			if _, err := io.ReadFull(r, got); err != nil || string(got) != text {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, text)
			}
		}
	}
}

// inParts gives the parts that are open, and fails where a live stream would block.
type inParts struct {
	parts       []string
	open, given int
}

func (s *inParts) isEmpty() bool { return s.given == s.open }

func (s *inParts) Read(p []byte) (int, error) {
	if s.isEmpty() {
		return 0, errors.New("it would block")
	}
	n := copy(p, s.parts[s.given])
	if s.parts[s.given] = s.parts[s.given][n:]; s.parts[s.given] == "" {
		s.given++
	}
	return n, nil
}

// TestReaderTakesConstantMemory reads bombs.
func TestReaderTakesConstantMemory(t *testing.T) {
	const size = 32 << 20
	zeros := strings.Repeat("\x00", size)
	for name, stream := range map[string]string{
		"gzip":          gzipped(zeros),
		"zstd":          zstandard(t, zeros),
		"a huge window": "\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, _ := io.Copy(io.Discard, NewReader(strings.NewReader(stream)))
		runtime.ReadMemStats(&after)
		if name != "a huge window" && n != size {
			t.Errorf("%s: %d bytes, want %d", name, n, size)
		}
		const most = 3*maxWindow + 4<<20
		if grown := after.TotalAlloc - before.TotalAlloc; grown > most {
			t.Errorf("%s: %d bytes were allocated, want at most %d", name, grown, most)
		}
	}
}

// FuzzReader holds that what a stream means does not depend on how it is cut, that packed text
// comes out as it went in, and that a stream which begins with nothing of ours comes out byte for
// byte.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", text, gzipped(text), zstandard(f, text), inUTF16(text, true), inUTF16(text, false), "\ufeffx", "(", "\x28\xb5\x2f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		const most = 1 << 20 // of a bomb
		got, err := io.ReadAll(io.LimitReader(NewReader(strings.NewReader(stream)), most))
		again, errAgain := io.ReadAll(io.LimitReader(NewReader(iotest.OneByteReader(strings.NewReader(stream))), most))
		if !bytes.Equal(got, again) || (err == nil) != (errAgain == nil) {
			t.Errorf("%q, %v at once, %q, %v byte by byte", got, err, again, errAgain)
		}
		isOurs := false
		for _, magic := range []string{gzipMagic, zstdMagic, littleEndianMark, bigEndianMark, utf8Mark} {
			isOurs = isOurs || strings.HasPrefix(stream, magic)
		}
		if !isOurs && (err != nil || string(got) != stream) {
			t.Errorf("%q comes out as %q, %v", stream, got, err)
		}
		if strings.HasPrefix(stream, littleEndianMark) && !utf8.Valid(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		if packed, err := io.ReadAll(NewReader(strings.NewReader(gzipped(stream)))); !isOurs && (err != nil || string(packed) != stream) {
			t.Errorf("%q comes out of gzip as %q, %v", stream, packed, err)
		}
	})
}

func TestDamageStays(t *testing.T) {
	const header = 5
	text := gzipped("a\n") + gzipped("b\n")[:header]
	r := NewReader(strings.NewReader(text))
	if _, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("%v, want %v", err, io.ErrUnexpectedEOF)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("asked again: %d bytes and %v", n, err)
	}
}
