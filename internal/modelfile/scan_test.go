package modelfile

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/snowman-ml/snowman/models"
)

func TestTheScannerReadsWhatEncodersWrite(t *testing.T) {
	shipped, _ := split(t, models.Default)
	ours, _ := split(t, writeModel(t, newModel(t)))
	for name, header := range map[string]string{
		"the shipped model": shipped,
		"a small model":     ours,
		"nothing":           "{}",
		"empty parts":       `{"__metadata__":{},"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`,
		"spaces behind it":  "{}   ",
		"every escape":      `{"__metadata__":{"\\":"\"\\\/\b\f\n\r\t\u0041\u003c\u2028\u00Fc\\\\"}}`,
		"other scripts":     `{"__metadata__":{"ключ":"é"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			metadata, entries, ok := scanHeader([]byte(header))
			if !ok {
				t.Fatal("the scanner gives up")
			}
			wantMetadata, wantEntries, err := decodeHeader([]byte(header))
			if err != nil || !reflect.DeepEqual(metadata, wantMetadata) || !reflect.DeepEqual(entries, wantEntries) {
				t.Errorf("read %q, %v, want %q, %v, error %v", metadata, entries, wantMetadata, wantEntries, err)
			}
		})
	}
}

// FuzzScanHeader holds that the scanner reads nothing that encoding/json refuses or reads as
// something else.
func FuzzScanHeader(f *testing.F) {
	header, _ := split(f, writeModel(f, newModel(f)))
	for _, header := range []string{
		header,
		`{"x":{"dtype":"F32","dtype":"","shape":[1],"shape":[1],"data_offsets":[0,4]},"x":{}}`,
		`{"x":{"dtype":"","dtype":"F32"}}`,
		`{"__metadata__":{"a":"","\u0061":"\ud800","b":"\u0"},"__metadata__":{}} {}`,
		`{"x":{"shape":[01,1234567890,0,-1,1.5,1e3,null]}}`,
		"{\"__metadata__\":{\"a\":\"\x01\xff\\'\",}",
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		metadata, entries, ok := scanHeader([]byte(header))
		if !ok {
			return
		}
		wantMetadata, wantEntries, err := decodeHeader([]byte(header))
		if err != nil || !reflect.DeepEqual(metadata, wantMetadata) || !reflect.DeepEqual(entries, wantEntries) {
			t.Errorf("read %q, %v, want %q, %v, error %v", metadata, entries, wantMetadata, wantEntries, err)
		}
	})
}

// FuzzScanNames holds the same of lists of names.
func FuzzScanNames(f *testing.F) {
	for _, text := range []string{`["github.com e","microsoft.com me"]`, `["",""]`, `["a","",""]`, `[""]`, `["a" ,"b"]`, `["a\"","b"]`, `["`, `[]`, `["a"b"]`, "[\"\t\"]", `["é","a, b"]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, ok := scanNames(text)
		if !ok || !utf8.ValidString(text) {
			return
		}
		var want []string
		if err := json.Unmarshal([]byte(text), &want); err != nil || !slices.Equal(names, want) {
			t.Errorf("read %q, want %q, error %v", names, want, err)
		}
	})
}
