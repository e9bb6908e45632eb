package sources

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/snowman-ml/snowman/dataset"
)

// fill puts contents of feeds into a store, each as of a day.
func fill(t *testing.T, store string, days ...[3]string) {
	t.Helper()
	for _, d := range days {
		file := filepath.Join(t.TempDir(), "feed")
		if err := os.WriteFile(file, []byte(d[2]), 0o644); err != nil {
			t.Fatal(err)
		}
		date, err := time.Parse(time.DateOnly, d[0])
		if err != nil {
			t.Fatal(err)
		}
		result, err := Fetch(t.Context(), Options{Store: store, Files: map[string]string{d[1]: file}, Now: date})
		if err != nil || result.Outcomes[0].State == Failed {
			t.Fatalf("%q: %+v, %v", d, result, err)
		}
	}
}

// built returns the rows of a feed in a store as of a day.
func built(t *testing.T, store, asOf, feed string) []string {
	t.Helper()
	date, err := time.Parse(time.DateOnly, asOf)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := Build(t.Context(), store, date, folder); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSuffix(unzipped(t, filepath.Join(folder, feed+rowsEnding)), "\n"), "\n")
	if rows[0] != "text\tlabel\tkind\tfamily\tdate" {
		t.Errorf("the header is %q", rows[0])
	}
	return rows[1:]
}

func TestASetIsThatOfItsDay(t *testing.T) {
	store := t.TempDir()
	fill(t, store,
		// A window of what is new, without dates.
		[3]string{"2026-11-01", "openphish", "http://a.test/\nhttp://b.test/\n"},
		[3]string{"2026-11-03", "openphish", "http://b.test/\nhttp://c.test/\nhttp://c.test/\n"},
		// Names of years, without dates.
		[3]string{"2026-11-01", "maltrail", "old.test\n"},
		[3]string{"2026-11-03", "maltrail", "old.test\nnew.test\n"},
		// Rows with dates of their own, one of which cannot be.
		[3]string{"2026-11-02", "blackbook", "Domain,Malware,Date added\nown.test,x,2019-01-02\nlater.test,x,2027-01-01\nnone.test,,\n"},
		// A list of popular names.
		[3]string{"2026-11-01", "tranco", "1,google.com\n2,lapsed.example\n"},
		[3]string{"2027-01-03", "tranco", "1,google.com\n2,young.example\n"},
	)
	for _, test := range []struct {
		asOf, feed string
		want       []string
	}{
		{"2026-11-02", "openphish", []string{"http://a.test/\t1\tphishing\t\t2026-11-01", "http://b.test/\t1\tphishing\t\t2026-11-01"}},
		{"2026-11-03", "openphish", []string{"http://a.test/\t1\tphishing\t\t2026-11-01", "http://b.test/\t1\tphishing\t\t2026-11-01", "http://c.test/\t1\tphishing\t\t2026-11-03"}},
		{"2026-11-03", "maltrail", []string{"old.test\t1\tmalware\t\t", "new.test\t1\tmalware\t\t2026-11-03"}},
		{"2026-11-03", "blackbook", []string{"own.test\t1\tmalware\tx\t2019-01-02", "later.test\t1\tmalware\tx\t2026-11-02", "none.test\t1\tmalware\t\t2026-11-02"}},
		{"2026-12-31", "tranco", []string{"google.com\t0\tbenign\t\t2026-11-01", "lapsed.example\t0\tbenign\t\t2026-11-01"}},
		{"2027-02-01", "tranco", []string{"google.com\t0\tbenign\t\t2027-01-03", "young.example\t0\tbenign\t\t2027-01-03"}},
	} {
		if got := built(t, store, test.asOf, test.feed); !slices.Equal(got, test.want) {
			t.Errorf("%s as of %s has the rows %q, want %q", test.feed, test.asOf, got, test.want)
		}
	}

	// Package dataset reads what was written, with the recipe.
	folder := t.TempDir()
	if _, err := Build(t.Context(), store, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC), folder); err != nil {
		t.Fatal(err)
	}
	recipe, err := dataset.ReadRecipe(filepath.Join(folder, RecipeFile))
	if err != nil {
		t.Fatal(err)
	}
	set, err := recipe.Build(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	var account []string
	for _, source := range set.Account.Sources {
		account = append(account, fmt.Sprintf("%s %d %d", source.Name, source.Read, source.Refused))
	}
	if want := []string{"maltrail 2 0", "blackbook 3 0", "openphish 3 0", "tranco 2 0"}; !slices.Equal(account, want) {
		t.Errorf("package dataset read %q, want %q", account, want)
	}
	popular := recipe.Sources[len(recipe.Sources)-1]
	if popular.File != "tranco" || popular.ListYear != 2027 || popular.Group != "popular" || popular.Weight != 1.2 {
		t.Errorf("the source of tranco is %+v", popular)
	}

	// An earlier day in the same folder leaves no file of a later one.
	if _, err := Build(t.Context(), store, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), folder); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "blackbook"+rowsEnding)); err == nil {
		t.Error("a file of a later day stays")
	}
}

// A list by rank ends with the first names, and a second build gives the same bytes.
func TestRanksAndRepeatedBuilds(t *testing.T) {
	store := t.TempDir()
	fill(t, store, [3]string{"2026-11-01", "tranco", "1,a.example\n2,b.example\n3,c.example\n"})
	f, _ := Find("tranco")
	ranked := *f
	ranked.First = 2
	one, other := t.TempDir(), t.TempDir()
	for _, folder := range []string{one, other} {
		if built, err := ranked.build(t.Context(), store, "2026-11-01", folder); err != nil || built.Rows != 2 {
			t.Fatalf("%+v, %v", built, err)
		}
	}
	a, _ := os.ReadFile(filepath.Join(one, "tranco"+rowsEnding))
	b, _ := os.ReadFile(filepath.Join(other, "tranco"+rowsEnding))
	if !bytes.Equal(a, b) || len(a) == 0 {
		t.Error("two builds differ")
	}
	if rows := unzipped(t, filepath.Join(one, "tranco"+rowsEnding)); !strings.HasSuffix(rows, "\nb.example\t0\tbenign\t\t2026-11-01\n") {
		t.Errorf("the rows are %q", rows)
	}
}

func TestDamagedDaysCostTheirFeed(t *testing.T) {
	for name, damage := range map[string]func(store string) error{
		"another content": func(store string) error {
			return os.WriteFile(filepath.Join(store, "openphish", "2026-11-01.gz"), gzipped([]byte("http://x.test/\n")), 0o644)
		},
		"no file": func(store string) error { return os.Remove(filepath.Join(store, "openphish", "2026-11-01.gz")) },
		"no gzip": func(store string) error {
			return os.WriteFile(filepath.Join(store, "openphish", "2026-11-01.gz"), []byte("http://a.test/\n"), 0o644)
		},
		"a manifest that leads elsewhere": func(store string) error {
			path := filepath.Join(store, "openphish", manifestFile)
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, bytes.ReplaceAll(content, []byte(`"2026-11-01.gz"`), []byte(`"../../secret.gz"`)), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, folder := t.TempDir(), t.TempDir()
			fill(t, store, [3]string{"2026-11-01", "openphish", "http://a.test/\n"}, [3]string{"2026-11-01", "china", "server=/b.test/1\n"})
			if err := damage(store); err != nil {
				t.Fatal(err)
			}
			result, err := Build(t.Context(), store, testDay, folder)
			if err != nil || len(result.Feeds) != 2 || (result.Feeds[0].Problem == "") != (name == "no file") || result.Feeds[1].Rows != 1 || len(result.Recipe.Sources) != 1 {
				t.Errorf("%+v, %v", result, err)
			}
			if _, err := os.Stat(filepath.Join(folder, "openphish"+rowsEnding)); err == nil {
				t.Error("a file is there")
			}
		})
	}
}

// A day that is damaged, or was taken out, costs neither the other days nor later ones.
func TestADayCanBeTakenOut(t *testing.T) {
	store := t.TempDir()
	fill(t, store, [3]string{"2026-11-01", "openphish", "http://a.test/\n"}, [3]string{"2026-11-02", "openphish", "http://bad.test/\n"},
		[3]string{"2026-11-03", "openphish", "http://broken.test/\n"},
		[3]string{"2026-11-01", "tranco", "1,a.example\n"}, [3]string{"2026-11-02", "tranco", "1,bad.example\n"})
	for _, path := range []string{"openphish/2026-11-02.gz", "tranco/2026-11-02.gz"} {
		if err := os.Remove(filepath.Join(store, path)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(store, "openphish/2026-11-03.gz"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fill(t, store, [3]string{"2026-11-04", "openphish", "http://c.test/\n"}, [3]string{"2026-11-02", "openphish", "http://bad.test/\n"})
	result, err := Build(t.Context(), store, testDay, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"openphish 2 rows, 1 damaged, [2026-11-02]", "tranco 1 rows, 0 damaged, [2026-11-02]"} {
		f := result.Feeds[i]
		if got := fmt.Sprintf("%s %d rows, %d damaged, %v", f.Feed, f.Rows, len(f.Damaged), f.TakenOut); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	bundle := filepath.Join(t.TempDir(), "feeds.tar.gz")
	os.Remove(filepath.Join(store, "openphish/2026-11-03.gz"))
	if result, err := Pack(t.Context(), store, bundle); err != nil || result.Days != 3 {
		t.Errorf("packed: %+v, %v", result, err)
	}
	unpackInto(t, bundle, t.TempDir(), BundleResult{Feeds: 2, Days: 3})
}

// What was the same on an earlier day was first seen then.
func TestAnEarlierDayIsKept(t *testing.T) {
	store := t.TempDir()
	fill(t, store, [3]string{"2026-11-20", "openphish", "http://a.test/\n"}, [3]string{"2026-11-01", "openphish", "http://a.test/\n"})
	if got, want := built(t, store, "2026-11-28", "openphish"), []string{"http://a.test/\t1\tphishing\t\t2026-11-01"}; !slices.Equal(got, want) {
		t.Errorf("the rows are %q, want %q", got, want)
	}
}

func TestABundleCarriesAStore(t *testing.T) {
	store, other := t.TempDir(), filepath.Join(t.TempDir(), "new")
	fill(t, store,
		[3]string{"2026-11-01", "openphish", "http://a.test/\n"}, [3]string{"2026-11-02", "openphish", "http://b.test/\n"},
		[3]string{"2026-11-01", "tranco", "1,a.example\n"})
	bundle := filepath.Join(t.TempDir(), "feeds.tar.gz")
	if result, err := Pack(t.Context(), store, bundle); err != nil || result.Feeds != 2 || result.Days != 3 {
		t.Fatalf("%+v, %v", result, err)
	}
	// The other store has days of its own: one the same, one of the same date.
	fill(t, other, [3]string{"2026-11-01", "openphish", "http://a.test/\n"}, [3]string{"2026-11-02", "openphish", "http://c.test/\n"})
	unpackInto(t, bundle, other, BundleResult{Feeds: 2, Days: 2, Kept: 1})
	unpackInto(t, bundle, other, BundleResult{Feeds: 2, Kept: 3})
	want := []string{"http://a.test/\t1\tphishing\t\t2026-11-01", "http://c.test/\t1\tphishing\t\t2026-11-02", "http://b.test/\t1\tphishing\t\t2026-11-02"}
	if got := built(t, other, "2026-11-03", "openphish"); !slices.Equal(got, want) {
		t.Errorf("the rows are %q, want %q", got, want)
	}
	if got := built(t, other, "2026-11-03", "tranco"); len(got) != 1 {
		t.Errorf("the rows of tranco are %q", got)
	}
}

func unpackInto(t *testing.T, bundle, store string, want BundleResult) {
	t.Helper()
	file, err := os.Open(bundle)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if result, err := Unpack(t.Context(), file, store); err != nil || result != want {
		t.Errorf("%+v, %v; want %+v", result, err, want)
	}
}

// A member is a file of a bundle made by hand.
type member struct {
	header  tar.Header
	content string
}

func tarOf(members ...member) []byte {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, m := range members {
		if m.header.Typeflag == 0 {
			m.header.Typeflag = tar.TypeReg
			if m.header.Size == 0 {
				m.header.Size = int64(len(m.content))
			}
		}
		w.WriteHeader(&m.header)
		w.Write([]byte(m.content))
	}
	w.Close()
	return archive.Bytes()
}

func sumLine(path, content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:]) + "  " + path + "\n"
}

// goodBundle returns the members of a bundle of one feed.
func goodBundle() (sums, manifest, dayFile member) {
	content := "http://a.test/\n"
	packed := string(gzipped([]byte(content)))
	of := sha256.Sum256([]byte(content))
	text := fmt.Sprintf(`{"feed": "openphish", "days": [{"date": "2026-11-01", "file": "2026-11-01.gz", "address": "x", "sha256": %q, "bytes": %d, "rows": 1}]}`,
		hex.EncodeToString(of[:]), len(content))
	manifest = member{tar.Header{Name: "openphish/manifest.json"}, text}
	dayFile = member{tar.Header{Name: "openphish/2026-11-01.gz"}, packed}
	sums = member{tar.Header{Name: sumsFile}, sumLine(manifest.header.Name, text) + sumLine(dayFile.header.Name, packed)}
	return sums, manifest, dayFile
}

func TestBundlesWithTricksAreRefused(t *testing.T) {
	sums, manifest, dayFile := goodBundle()
	if result, err := Unpack(t.Context(), bytes.NewReader(tarOf(sums, manifest, dayFile)), t.TempDir()); err != nil || result.Days != 1 {
		t.Fatalf("the good bundle: %+v, %v", result, err)
	}
	named := func(m member, name string) member { m.header.Name = name; return m }
	with := func(line string) member { return member{sums.header, sums.content + line} }
	outside := "../outside.gz"
	badManifest := func(old, new string) []byte {
		text := strings.ReplaceAll(manifest.content, old, new)
		m := member{manifest.header, text}
		return tarOf(member{sums.header, sumLine(manifest.header.Name, text) + sumLine(dayFile.header.Name, dayFile.content)}, m, dayFile)
	}
	empty := member{sums.header, sumLine(manifest.header.Name, manifest.content) + sumLine(dayFile.header.Name, "")}
	var many strings.Builder
	many.WriteString(`{"feed": "openphish", "days": [`)
	manySums := ""
	for n := range maxFilesOfDay + 1 {
		file := fmt.Sprintf("2026-11-01.%d.gz", n+2)
		fmt.Fprintf(&many, `{"date": "2026-11-01", "file": %q, "address": "x", "sha256": "%064d", "bytes": 1, "rows": 1},`, file, n)
		manySums += sumLine("openphish/"+file, file)
	}
	manyDays := member{manifest.header, strings.TrimSuffix(many.String(), ",") + "]}"}
	junk := member{dayFile.header, "no gzip"}
	badContent := tarOf(member{sums.header, sumLine(manifest.header.Name, manifest.content) + sumLine(dayFile.header.Name, junk.content)}, manifest, junk)
	for name, bundle := range map[string][]byte{
		"nothing":                  nil,
		"no tar file":              []byte("feeds\n"),
		"no checksums":             tarOf(manifest, dayFile),
		"a path that leads out":    tarOf(with(sumLine(outside, dayFile.content)), manifest, dayFile, named(dayFile, outside)),
		"an absolute path":         tarOf(sums, manifest, dayFile, named(dayFile, "/tmp/outside.gz")),
		"a file in no list":        tarOf(sums, manifest, dayFile, named(dayFile, "openphish/2026-11-02.gz")),
		"a file twice":             tarOf(sums, manifest, dayFile, dayFile),
		"a file that is missing":   tarOf(sums, manifest),
		"a day without a manifest": tarOf(sums, dayFile, manifest),
		"another content":          tarOf(sums, manifest, member{dayFile.header, dayFile.content[:len(dayFile.content)-1] + "x"}),
		"another manifest":         tarOf(sums, member{manifest.header, manifest.content + " "}, dayFile),
		"a symbolic link":          tarOf(empty, manifest, member{tar.Header{Name: dayFile.header.Name, Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""}),
		"a hard link":              tarOf(empty, manifest, member{tar.Header{Name: dayFile.header.Name, Typeflag: tar.TypeLink, Linkname: manifest.header.Name}, ""}),
		"a folder":                 tarOf(sums, manifest, dayFile, member{tar.Header{Name: "other/", Typeflag: tar.TypeDir}, ""}),
		"a size without bound":     tarOf(sums, manifest, member{tar.Header{Name: dayFile.header.Name, Size: maxDayFile + 1}, ""}),
		"half a bundle":            tarOf(sums, manifest, dayFile)[:2000],
		"a manifest of another":    badManifest(`"openphish"`, `"certpl"`),
		"a manifest's path":        badManifest(`"2026-11-01.gz"`, `"../2026-11-01.gz"`),
		"a manifest's date":        badManifest(`"2026-11-01"`, `"2026-11-31"`),
		"a day to come":            badManifest(`2026-11-01`, `2126-11-01`),
		"another day's file":       badManifest(`"date": "2026-11-01"`, `"date": "2026-11-03"`),
		"a day that is no feed":    badContent,
		"a day of many files":      tarOf(member{sums.header, sumLine(manifest.header.Name, manyDays.content) + manySums}, manyDays),
		"a day that did not come":  badManifest(`"2026-11-01.gz"`, `"2026-11-02.gz"`),
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			store := filepath.Join(parent, "store")
			if result, err := Unpack(t.Context(), bytes.NewReader(gzipped(bundle)), store); err == nil {
				t.Errorf("it is unpacked: %+v", result)
			} else if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has lines: %q", err)
			}
			if _, err := os.Stat(filepath.Join(store, "openphish", manifestFile)); err == nil {
				t.Error("the store has the feed")
			}
			if left, _ := filepath.Glob(filepath.Join(store, "*", "*.gz")); len(left) > 0 {
				t.Errorf("the store has %q", left)
			}
			if entries, _ := os.ReadDir(parent); len(entries) != 1 {
				t.Errorf("beside the store is %v", entries)
			}
		})
	}
}

// FuzzUnpack: no bundle writes anything but what it may, and what it adds is whole.
func FuzzUnpack(f *testing.F) {
	sums, manifest, dayFile := goodBundle()
	f.Add(tarOf(sums, manifest, dayFile))
	f.Add(tarOf(sums, dayFile, manifest))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		parent := t.TempDir()
		store := filepath.Join(parent, "store")
		_, err := Unpack(t.Context(), bytes.NewReader(bundle), store)
		if entries, _ := os.ReadDir(parent); len(entries) > 1 {
			t.Fatalf("beside the store is %v", entries)
		}
		if err != nil {
			return
		}
		feeds, err := feedsOf(store)
		if err != nil {
			t.Fatal(err)
		}
		for _, feed := range feeds {
			m, err := ReadManifest(store, feed)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range m.Days {
				if _, err := os.Stat(filepath.Join(store, feed, d.File)); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// FuzzUnpackBody: whichever way a body is packed, undoing it ends, within the limit.
func FuzzUnpackBody(f *testing.F) {
	f.Add(uint8(0), gzipped([]byte("a.test\n")))
	f.Add(uint8(0), zippedFiles([2]string{"a.csv", "a.test\n"}))
	f.Add(uint8(15), zippedFiles([2]string{"top/newgoz/example_domains.txt", "a.test"}, [2]string{"top/../x", ""}))
	f.Fuzz(func(t *testing.T, number uint8, body []byte) {
		feed := Feeds[int(number)%len(Feeds)]
		feed.MaxUnpacked = 1 << 16
		file, err := os.Create(filepath.Join(t.TempDir(), "body"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.Write(body); err != nil {
			t.Fatal(err)
		}
		content, err := feed.unpack(file)
		if err != nil {
			return
		}
		var read bytes.Buffer
		if _, err := read.ReadFrom(content); read.Len() > 1<<16+bytes.MinRead {
			t.Errorf("%d bytes came, %v", read.Len(), err)
		}
	})
}

// The list of an archive's files is not read without bound.
func TestALongListOfFilesIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "body")
	body, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	archive := zip.NewWriter(body)
	name := strings.Repeat("x", 60_000)
	for i := range 300 {
		if _, err := archive.Create(fmt.Sprint(name, i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Feeds[0].unpack(body); err == nil || !strings.Contains(err.Error(), "its list of files is too long") {
		t.Errorf("got %v", err)
	}
}
