package sources

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/snowman-ml/snowman/dataset"
)

var testDay = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// testFetcher returns a Fetch that does not sleep. slept has how long it would have.
func testFetcher(t *testing.T, o Options, feeds []Feed) (f *fetcher, slept *[]time.Duration) {
	t.Helper()
	if o.Store == "" {
		o.Store = t.TempDir()
	}
	if o.Now.IsZero() {
		o.Now = testDay
	}
	slept = new([]time.Duration)
	var mu sync.Mutex
	f = &fetcher{Options: o, feeds: feeds, transport: http.DefaultTransport, pause: time.Second, maxWait: time.Minute, idle: time.Minute, longest: time.Minute,
		now: func() time.Time { return o.Now },
		sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			*slept = append(*slept, d)
			return ctx.Err()
		}}
	return f, slept
}

// listFeed is a feed that has nothing special.
func listFeed(name, address string) Feed {
	return Feed{Name: name, Address: address, Format: Format{Name: "list", Ending: "txt", read: list}, Kind: dataset.Malware,
		Commercial: Allowed, Every: time.Hour, MaxBytes: 1 << 20, MaxUnpacked: 1 << 20}
}

// outcome runs a fetch and returns what became of its first feed.
func outcome(t *testing.T, f *fetcher) Outcome {
	t.Helper()
	result, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result.Outcomes[0]
}

func gzipped(content []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(content)
	w.Close()
	return packed.Bytes()
}

func zippedFiles(files ...[2]string) []byte {
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, file := range files {
		w, _ := archive.Create(file[0])
		io.WriteString(w, file[1])
	}
	archive.Close()
	return packed.Bytes()
}

// asServed packs the sample of a feed as the feed is packed.
func asServed(t *testing.T, f *Feed) []byte {
	content := sample(t, f)
	switch {
	case strings.HasSuffix(f.Format.Ending, ".gz"):
		return gzipped(content)
	case strings.HasSuffix(f.Format.Ending, ".zip"):
		return zippedFiles([2]string{"top.csv", string(content)})
	case f.Format.Ending != "zip":
		return content
	}
	files := [][2]string{{"repository-HEAD/", ""}, {"repository-HEAD/README.md", "# about\n"}, {"repository-HEAD/words1.txt", "words\n"}}
	for part := range strings.SplitSeq(string(content), memberMark) {
		if path, rows, found := strings.Cut(part, memberEnd+"\n"); found {
			files = append(files, [2]string{"repository-HEAD/" + path, strings.TrimSuffix(rows, "\n")})
		}
	}
	return zippedFiles(files...)
}

// Every feed is fetched, packed as it is, from a mirror; then nothing is sent again.
func TestSamplesAreFetched(t *testing.T) {
	bodies := make(map[string][]byte)
	var names []string
	for i := range Feeds {
		f := &Feeds[i]
		bodies["/feeds/"+f.file()] = asServed(t, f)
		names = append(names, f.Name)
	}
	var mu sync.Mutex
	full := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, found := bodies[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		if agent := r.UserAgent(); agent != "snowman/v1 (+https://github.com/snowman-ml/snowman) contact: me@example.com" {
			t.Errorf("the user agent is %q", agent)
		}
		if r.Header.Get("Authorization") != "" {
			t.Error("a mirror gets a key")
		}
		sum := sha256.Sum256(body)
		tag := `"` + hex.EncodeToString(sum[:8]) + `"`
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		mu.Lock()
		full++
		mu.Unlock()
		w.Write(body)
	}))
	defer server.Close()
	store := t.TempDir()
	for round, want := range []State{Fetched, NotModified} {
		f, slept := testFetcher(t, Options{Store: store, Feeds: names, Mirror: server.URL + "/feeds/", Agent: "snowman/v1",
			Contact: "me@example.com", Keys: map[string]string{"radar": "secret"}, Now: testDay.AddDate(0, 0, round)}, Feeds)
		result, err := f.run(t.Context())
		if err != nil || len(result.Outcomes) != len(Feeds) {
			t.Fatalf("%d outcomes, %v", len(result.Outcomes), err)
		}
		for _, o := range result.Outcomes {
			if o.State != want || o.Day.Rows == 0 {
				t.Errorf("%s is %+v, want %s", o.Feed, o, want)
			}
		}
		if len(*slept) != 0 {
			t.Errorf("%d pauses between requests to a mirror", len(*slept))
		}
	}
	if full != len(Feeds) {
		t.Errorf("%d bodies were sent, want %d", full, len(Feeds))
	}
	for i := range Feeds {
		m, err := ReadManifest(store, Feeds[i].Name)
		if err != nil || len(m.Days) != 1 || m.Days[0].Date != "2026-11-28" {
			t.Errorf("%s: %+v, %v", Feeds[i].Name, m, err)
			continue
		}
		// The files of an archive end with a line end each, whether they had one or not.
		if content := string(sample(t, &Feeds[i])); unzipped(t, filepath.Join(store, Feeds[i].Name, m.Days[0].File)) != content {
			t.Errorf("%s is not stored as it came", Feeds[i].Name)
		}
		if _, err := os.Stat(filepath.Join(store, Feeds[i].Name, partialFile)); err == nil {
			t.Errorf("%s leaves a partial file", Feeds[i].Name)
		}
	}
}

func unzipped(t *testing.T, path string) string {
	t.Helper()
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

const rows = "one.example\ntwo.example\nthree.example\n"

// Each fault of a server costs the feed, and says what it was.
func TestFaultsOfServers(t *testing.T) {
	bomb := zippedFiles([2]string{"top.csv", strings.Repeat("a.example\n", 300_000)})
	if len(bomb) > 100_000 {
		t.Fatalf("the zip bomb has %d bytes", len(bomb))
	}
	send := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"HTML":             {send([]byte("\ufeff  <!DOCTYPE HTML><html>rows.example</html>")), "it is a page of HTML"},
		"an XML error":     {send([]byte("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>")), "it is a page of HTML"},
		"nothing":          {send(nil), "it has no row"},
		"another format":   {send([]byte("/a\n/b\na.example\n/c\n")), "3 of 4 rows are neither a name nor a URL"},
		"a gzip bomb":      {send(gzipped(bytes.Repeat([]byte("a.example\n"), 300_000))), "larger than 1 MiB"},
		"a zip bomb":       {send(bomb), "larger than 1 MiB"},
		"half a gzip file": {send(gzipped([]byte(strings.Repeat(rows, 100)))[:40]), "the gzip file is damaged"},
		"a wrong checksum": {send(append(gzipped([]byte(rows))[:len(gzipped([]byte(rows)))-8], 1, 2, 3, 4, 5, 6, 7, 8)), "the gzip file is damaged"},
		"no gzip file":     {send([]byte("\x1f\x8b\x08 is its magic alone")), "the gzip file is damaged"},
		"half a zip file":  {send(bomb[:len(bomb)/2]), "the zip file is damaged"},
		"two files":        {send(zippedFiles([2]string{"a.csv", rows}, [2]string{"b.csv", rows})), "has 2 files, want 1"},
		"too much said":    {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999999") }, "larger than 1 MiB"},
		"too much":         {send(bytes.Repeat([]byte("a.example\n"), 200_000)), "larger than 1 MiB"},
		"404":              {http.NotFound, "404 Not Found"},
		"500":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "500 Internal"},
		"429":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, "429 Too Many"},
		"nothing new, though nothing was known": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
			"the server answered that nothing changed"},
		"another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.test/feed.txt", http.StatusFound)
		}, `it redirects to another host, "other.test"`},
		"an endless redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, "redirects without an end"},
		"half a body without an end": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, rows)
		}, "the body broke off after 38 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			defer server.Close()
			good := httptest.NewServer(send([]byte(rows)))
			defer good.Close()
			feeds := []Feed{listFeed("bad", server.URL), listFeed("good", good.URL)}
			f, _ := testFetcher(t, Options{}, feeds)
			result, err := f.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if o := result.Outcomes[0]; o.State != Failed || !strings.Contains(o.Reason, test.want) {
				t.Errorf("the outcome is %+v, want %q", o, test.want)
			}
			if o := result.Outcomes[1]; o.State != Fetched || result.Failed() != 1 {
				t.Errorf("the other feed is %+v", o)
			}
			if files, _ := filepath.Glob(filepath.Join(f.Store, "bad", "*.gz")); len(files) > 0 {
				t.Errorf("the store has %q", files)
			}
		})
	}
}

// A redirect is followed to a host that the feed names, not from HTTPS to HTTP.
func TestRedirects(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, rows) }))
	defer plain.Close()
	target := httptest.NewTLSServer(plain.Config.Handler)
	defer target.Close()
	to := ""
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer server.Close()
	for _, test := range []struct {
		to    string
		hosts []string
		want  string
	}{
		{target.URL, []string{strings.TrimPrefix(target.URL, "https://")}, ""},
		{target.URL, nil, "to another host"},
		{plain.URL, []string{strings.TrimPrefix(plain.URL, "http://")}, "from https to http"},
	} {
		to = test.to
		feed := listFeed("feed", server.URL)
		feed.Hosts = test.hosts
		f, _ := testFetcher(t, Options{}, []Feed{feed})
		f.transport = server.Client().Transport
		o := outcome(t, f)
		if test.want == "" && o.State != Fetched || test.want != "" && !strings.Contains(o.Reason, test.want) {
			t.Errorf("a redirect to %s: %+v, want %q", test.to, o, test.want)
		}
	}
}

// A server that asks to wait is waited for if that is not long, and not asked before otherwise.
func TestRetryAfter(t *testing.T) {
	asked := 0
	header := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		io.WriteString(w, rows)
	}))
	defer server.Close()
	feeds := []Feed{listFeed("feed", server.URL)}

	header = "7"
	f, slept := testFetcher(t, Options{}, feeds)
	if o := outcome(t, f); o.State != Fetched || !slices.Equal(*slept, []time.Duration{7 * time.Second}) {
		t.Errorf("%+v after %v, want 7 s", o, *slept)
	}

	for _, header = range []string{"99999999999", testDay.AddDate(20, 0, 0).Format(http.TimeFormat)} {
		asked = 0
		f, _ = testFetcher(t, Options{}, feeds)
		if o := outcome(t, f); !strings.Contains(o.Reason, "asks to wait until 2026-12-05T12:00:00Z") {
			t.Errorf("%+v after Retry-After: %s, want a week", o, header)
		}
	}
	asked = 0
	f, _ = testFetcher(t, Options{Mirror: server.URL}, feeds)
	outcome(t, f)
	if m, err := ReadManifest(f.Store, "feed"); err != nil || !m.NotBefore.IsZero() {
		t.Errorf("what a mirror asks holds for the feed: %+v, %v", m, err)
	}

	asked, header = 0, testDay.Add(time.Hour).Format(http.TimeFormat)
	f, slept = testFetcher(t, Options{}, feeds)
	if o := outcome(t, f); o.State != Failed || !strings.Contains(o.Reason, "asks to wait until 2026-11-28T13:00:00Z") || len(*slept) != 0 {
		t.Errorf("%+v after %v, want no waiting", o, *slept)
	}
	again, _ := testFetcher(t, Options{Store: f.Store, Now: testDay.Add(time.Minute)}, feeds)
	if o := outcome(t, again); o.State != Recent || asked != 1 {
		t.Errorf("%+v after %d requests, want no second one", o, asked)
	}
	later, _ := testFetcher(t, Options{Store: f.Store, Now: testDay.Add(2 * time.Hour)}, feeds)
	if o := outcome(t, later); o.State != Fetched {
		t.Errorf("%+v two hours later", o)
	}
}

func TestFeedsAreNotAskedTooOften(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		io.WriteString(w, rows)
	}))
	defer server.Close()
	feeds := []Feed{listFeed("feed", server.URL)}
	store := t.TempDir()
	for i, want := range []State{Fetched, Recent, NotModified, Recent} {
		f, _ := testFetcher(t, Options{Store: store, Now: testDay.Add(time.Duration(i) * 40 * time.Minute)}, feeds)
		if o := outcome(t, f); o.State != want {
			t.Errorf("after %d minutes: %+v, want %s", i*40, o, want)
		}
	}
	if asked != 2 {
		t.Errorf("%d requests, want 2", asked)
	}
}

// A body that breaks off is gone on with, in the same run or the next, if it is still the same.
func TestHalfABodyIsGoneOnWith(t *testing.T) {
	body := []byte(strings.Repeat(rows, 20))
	for name, test := range map[string]struct {
		tag, newTag string
		breaks      int // bodies that break off
		ignores     bool
		ranges      []string
		states      []State
	}{
		"in the same run": {`"a"`, `"a"`, 1, false, []string{"", "bytes=100-"}, []State{Fetched}},
		"in the next run": {`"a"`, `"a"`, 3, false, []string{"", "bytes=100-", "bytes=200-", "bytes=300-"}, []State{Failed, Fetched}},
		"without a tag":   {"", "", 1, false, []string{"", ""}, []State{Fetched}},
		"with a weak tag": {`W/"a"`, `W/"a"`, 1, false, []string{"", ""}, []State{Fetched}},
		"it has changed":  {`"a"`, `"b"`, 1, false, []string{"", "bytes=100-"}, []State{Fetched}},
		"a wrong range":   {`"a"`, `"a"`, 1, true, []string{"", "bytes=100-", ""}, []State{Fetched}},
	} {
		t.Run(name, func(t *testing.T) {
			var ranges []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked := r.Header.Get("Range")
				ranges = append(ranges, asked)
				tag := test.tag
				if len(ranges) > 1 {
					tag = test.newTag
				}
				if tag != "" {
					w.Header().Set("ETag", tag)
				}
				from := 0
				if fmt.Sscanf(asked, "bytes=%d-", &from); from > 0 && r.Header.Get("If-Range") != tag {
					from = 0
				}
				rest := body[from:]
				w.Header().Set("Content-Length", fmt.Sprint(len(rest)))
				if from > 0 {
					if test.ignores {
						from++
					}
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
					w.WriteHeader(http.StatusPartialContent)
				}
				if len(ranges) <= test.breaks {
					rest = rest[:100]
				}
				w.Write(rest)
			}))
			defer server.Close()
			store := t.TempDir()
			for _, want := range test.states {
				f, _ := testFetcher(t, Options{Store: store}, []Feed{listFeed("feed", server.URL)})
				if o := outcome(t, f); o.State != want {
					t.Errorf("%+v, want %s", o, want)
				}
			}
			if !slices.Equal(ranges, test.ranges) {
				t.Errorf("ranges %q were asked for, want %q", ranges, test.ranges)
			}
			if got := unzipped(t, filepath.Join(store, "feed", "2026-11-28.gz")); got != string(body) {
				t.Errorf("the store has %d bytes, want the %d of the body", len(got), len(body))
			}
		})
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, rows)
		w.(http.Flusher).Flush()
		<-stop
	}))
	defer server.Close()
	defer close(stop)
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("feed", server.URL)})
	f.idle = 20 * time.Millisecond
	if o := outcome(t, f); o.State != Failed || !strings.Contains(o.Reason, "nothing came for 20ms") {
		t.Errorf("%+v", o)
	}
}

func TestAStoppedFetchSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("one", server.URL), listFeed("two", server.URL)})
	result, err := f.run(ctx)
	if err != context.Canceled || len(result.Outcomes) != 2 || result.Outcomes[1].State != "" {
		t.Errorf("%+v, %v", result, err)
	}
}

// A key is sent to the feed's address, and is in no message and no file.
func TestKeysStayWhereTheyBelong(t *testing.T) {
	const key = "s3cret"
	var mu sync.Mutex
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		sent = append(sent, r.URL.Query().Get("auth-key"), r.Header.Get("Authorization"))
		mu.Unlock()
		if strings.HasPrefix(r.URL.Path, "/broken") {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, rows)
	}))
	defer server.Close()
	withKey := func(name, path, header string) Feed {
		feed := listFeed(name, server.URL+path)
		feed.Key, feed.Off, feed.Header = true, "terms", header
		return feed
	}
	feeds := []Feed{withKey("query", "/?auth-key={key}", ""), withKey("header", "/", "Authorization: Bearer {key}"),
		withKey("broken", "/broken?auth-key={key}", ""), withKey("none", "/?auth-key={key}", "")}
	f, _ := testFetcher(t, Options{Feeds: []string{"query", "header", "broken", "none"},
		Keys: map[string]string{"query": key, "header": key, "broken": key}}, feeds)
	result, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []State{Fetched, Fetched, Failed, Failed} {
		if result.Outcomes[i].State != want {
			t.Errorf("%+v, want %s", result.Outcomes[i], want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(sent[:4], []string{key, "", "", "Bearer " + key}) {
		t.Errorf("the server got %q", sent)
	}
	if strings.Contains(fmt.Sprint(result), key) {
		t.Errorf("the key is in %+v", result)
	}
	err = filepath.WalkDir(f.Store, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), key) {
			t.Errorf("the key is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWhichFeedsAreFetched(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, rows) }))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "rows.txt")
	if err := os.WriteFile(file, gzipped([]byte(rows)), 0o644); err != nil {
		t.Fatal(err)
	}
	feeds := []Feed{listFeed("free", server.URL), listFeed("personal", server.URL), listFeed("unstated", server.URL)}
	feeds[1].Off, feeds[1].Commercial, feeds[2].Commercial = "its terms", Denied, Unstated
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"none is named":     {Options{}, "free fetched, personal off, unstated fetched"},
		"one that is off":   {Options{Feeds: []string{"personal"}}, "personal fetched"},
		"commercial use":    {Options{Commercial: true}, "free fetched, personal off, unstated off"},
		"from disk":         {Options{Files: map[string]string{"personal": file}}, "personal fetched"},
		"from disk, beside": {Options{Files: map[string]string{"personal": file}, Feeds: []string{"free"}}, "free fetched, personal fetched"},
		"no such file":      {Options{Files: map[string]string{"free": file + "x"}}, "free failed"},
	} {
		f, _ := testFetcher(t, test.options, feeds)
		result, err := f.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range result.Outcomes {
			got = append(got, o.Feed+" "+string(o.State))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), test.want)
		}
	}
	for _, o := range []Options{{Feeds: []string{"nobody"}}, {Files: map[string]string{"nobody": file}}, {Mirror: "mirror.test/feeds"},
		{Contact: "me\r\nX-Other: 1"}, {Keys: map[string]string{"nobody": "key"}}} {
		f, _ := testFetcher(t, o, feeds)
		if _, err := f.run(t.Context()); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

func TestFarFewerRowsAreRefused(t *testing.T) {
	many := 100
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range many {
			fmt.Fprintf(w, "n%d.example\n", i)
		}
	}))
	defer server.Close()
	feeds := []Feed{listFeed("feed", server.URL)}
	store := t.TempDir()
	for i, test := range []struct {
		rows   int
		anyway []string
		want   State
	}{{100, nil, Fetched}, {19, nil, Failed}, {20, nil, Fetched}, {2, nil, Fetched}, {100, nil, Fetched}, {5, []string{"feed"}, Fetched}} {
		many = test.rows
		f, _ := testFetcher(t, Options{Store: store, Anyway: test.anyway, Now: testDay.AddDate(0, 0, i)}, feeds)
		if o := outcome(t, f); o.State != test.want || o.State == Failed && !strings.Contains(o.Reason, "it has 19 rows, and had 100 on 2026-11-28; -anyway feed keeps it") {
			t.Errorf("%d rows: %+v, want %s", test.rows, o, test.want)
		}
	}
}

// A second run on a store ends at once, and leaves it alone.
func TestAStoreHasOneRunAtATime(t *testing.T) {
	store := t.TempDir()
	unlock, err := lock(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := testFetcher(t, Options{Store: store}, []Feed{listFeed("feed", "http://127.0.0.1:1")})
	if _, err := f.run(t.Context()); err == nil || !strings.Contains(err.Error(), "another run uses it") {
		t.Errorf("a second run: %v", err)
	}
	unlock()
	if _, err := f.run(t.Context()); err != nil {
		t.Error(err)
	}
}

// Of what keeps adding up, each content of a day stays; of what counts as a whole, the last.
func TestSeveralFetchesOfADay(t *testing.T) {
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))
	defer server.Close()
	feeds := []Feed{listFeed("window", server.URL), listFeed("whole", server.URL)}
	feeds[1].Current = true
	store := t.TempDir()
	for i, content := range []string{"a.example\n", "b.example\n", "b.example\n", "c.example\n"} {
		body = content
		f, slept := testFetcher(t, Options{Store: store, Now: testDay.Add(time.Duration(i) * 2 * time.Hour)}, feeds)
		outcome(t, f)
		if len(*slept) != 1 {
			t.Errorf("%d pauses between two requests to one host", len(*slept))
		}
	}
	for feed, want := range map[string][]string{
		"window": {"2026-11-28.2.gz", "2026-11-28.3.gz", "2026-11-28.gz"}, "whole": {"2026-11-28.gz"},
	} {
		files, _ := filepath.Glob(filepath.Join(store, feed, "*.gz"))
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		if feed == "whole" { // names go back and forth, so that no file is written over
			if len(files) != 1 || unzipped(t, filepath.Join(store, feed, files[0])) != "c.example\n" {
				t.Errorf("%s: %q", feed, files)
			}
			continue
		}
		if !slices.Equal(files, want) {
			t.Errorf("%s: %q, want %q", feed, files, want)
		}
	}
}

// A run that was killed leaves temporary files, which the next run removes, and no half of a day.
func TestLeftoversAreRemoved(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, rows) }))
	defer server.Close()
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("feed", server.URL)})
	folder := filepath.Join(f.Store, "feed")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".2026-11-28.gz.123", ".file-9", "2026-11-28.gz"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if o := outcome(t, f); o.State != Fetched || o.Day.File != "2026-11-28.gz" {
		t.Errorf("%+v", o)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 || unzipped(t, filepath.Join(folder, "2026-11-28.gz")) != rows {
		t.Errorf("%v, %v", entries, err)
	}
}

// The password of a mirror is sent there, and is in no file.
func TestPasswordsOfMirrorsAreNotKept(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, rows)
	}))
	defer server.Close()
	mirror := strings.Replace(server.URL, "http://", "http://me:s3cret@", 1)
	f, _ := testFetcher(t, Options{Mirror: mirror}, []Feed{listFeed("feed", "https://feed.test/")})
	if o := outcome(t, f); o.State != Fetched || strings.Contains(o.Day.Address, "s3cret") {
		t.Errorf("%+v", o)
	}
}

// The rest of another body is not put behind what came of the first.
func TestTheRestOfAnotherBodyIsRefused(t *testing.T) {
	for header, values := range map[string][2]string{
		"ETag":          {`"1"`, `"2"`},
		"Last-Modified": {"Sat, 28 Nov 2026 10:00:00 GMT", "Sat, 28 Nov 2026 11:00:00 GMT"},
	} {
		t.Run(header, func(t *testing.T) { testTheRestOfAnotherBody(t, header, values) })
	}
}

func testTheRestOfAnotherBody(t *testing.T, header string, values [2]string) {
	const first, second = "a.example\nb.example\n", "c.example\nd.example\n"
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch {
		case asked == 1:
			w.Header().Set(header, values[0])
			w.Header().Set("Content-Length", "20")
			io.WriteString(w, first[:10])
		case r.Header.Get("Range") != "":
			w.Header().Set(header, values[1])
			w.Header().Set("Content-Range", "bytes 10-19/20")
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, second[10:])
		default:
			io.WriteString(w, second)
		}
	}))
	defer server.Close()
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("feed", server.URL)})
	o := outcome(t, f)
	if got := unzipped(t, filepath.Join(f.Store, "feed", "2026-11-28.gz")); o.State != Fetched || got != second {
		t.Errorf("%+v: %q, want %q", o, got, second)
	}
}

// A server may send less than the rest that it was asked for (RFC 9110, 15.3.7): the next try asks
// for what is missing.
func TestTheRestInParts(t *testing.T) {
	const body = "a.example\nb.example\nc.example\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		from := 0
		if fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); from == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		} else {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+9, len(body)))
			w.WriteHeader(http.StatusPartialContent)
		}
		io.WriteString(w, body[from:from+10])
	}))
	defer server.Close()
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("feed", server.URL)})
	o := outcome(t, f)
	if got := unzipped(t, filepath.Join(f.Store, "feed", "2026-11-28.gz")); o.State != Fetched || got != body {
		t.Errorf("%+v: %q, want %q", o, got, body)
	}
}

// A tag that is too long to be sent back is not kept.
func TestLongTagsAreNotKept(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"`+strings.Repeat("x", 5000)+`"`)
		io.WriteString(w, rows)
	}))
	defer server.Close()
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("feed", server.URL)})
	if o := outcome(t, f); o.State != Fetched || o.Day.ETag != "" {
		t.Errorf("%+v", o)
	}
}

// A body that comes byte by byte is given up, and gone on with by the next run.
func TestABodyThatTakesTooLongIsGivenUp(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	}))
	defer server.Close()
	f, _ := testFetcher(t, Options{}, []Feed{listFeed("feed", server.URL)})
	f.longest = 50 * time.Millisecond
	if o := outcome(t, f); o.State != Failed || o.Reason != "it took longer than 50ms" {
		t.Errorf("%+v", o)
	}
}
