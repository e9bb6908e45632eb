package sources

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/visible"
)

// partialFile has the body of a feed while it is fetched, and what came of it before it broke off.
const partialFile = "partial"

// A partial says what stands in a partial file. It is beside it, as partial.json.
type partial struct {
	Address      string `json:"address"` // without the user's key
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
}

// validator returns what If-Range may be asked with (RFC 9110, 13.1.5): a strong tag, or a date.
func (p partial) validator() string {
	if p.ETag != "" {
		if strings.HasPrefix(p.ETag, "W/") {
			return ""
		}
		return p.ETag
	}
	return p.LastModified
}

// A download is one feed's body on its way.
type download struct {
	*fetcher
	feed    *Feed
	address string // with the user's key, or the password of a mirror
	shown   string // without them
	known   *Day   // that the store has of this address, for a conditional request; may be nil
	folder  string // of the feed

	state partial  // of what has come
	file  *os.File // its bytes
}

// errNotModified says that the store has the body already.
var errNotModified = errors.New("not modified")

// A waitError says that a server wants no request before.
type waitError struct {
	status string
	until  time.Time
}

func (e *waitError) Error() string {
	return fmt.Sprintf("the server answered %s, and asks to wait until %s", e.status, e.until.UTC().Format(time.RFC3339))
}

// A brokenError is one after which the same request may succeed.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// get fetches the body into the partial file. What breaks off is tried again from where it broke
// off, a few times, and by the next run.
func (d *download) get(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d.longest, fmt.Errorf("it took longer than %v", d.longest))
	defer cancel()
	for try := 1; ; try++ {
		err := d.try(ctx)
		var broken *brokenError
		var wait *waitError
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case errors.As(err, &wait):
			pause := max(0, wait.until.Sub(d.now()))
			if try == tries || pause > d.maxWait {
				return err
			}
			if err := d.sleep(ctx, pause); err != nil {
				return err
			}
		case errors.As(err, &broken):
			if try == tries {
				return err
			}
			if err := d.sleep(ctx, d.pause<<try); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// open opens the partial file, of which nothing is kept unless it can be gone on with.
func (d *download) open() (err error) {
	path := filepath.Join(d.folder, partialFile)
	for _, file := range []string{path, path + ".json"} {
		if info, err := os.Lstat(file); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%q is not a regular file", file)
		}
	}
	if content, err := inputfile.Read(path+".json", maxManifest); err == nil && json.Unmarshal(content, &d.state) == nil &&
		d.state.Address == d.shown && d.state.validator() != "" {
		d.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		return err
	}
	d.file, err = os.Create(path)
	return err
}

// discard removes the partial file.
func (d *download) discard() error {
	d.file.Close()
	path := filepath.Join(d.folder, partialFile)
	os.Remove(path + ".json") // is not always there
	return os.Remove(path)
}

// begin empties the partial file for a new body.
func (d *download) begin(response *http.Response) error {
	if err := d.file.Truncate(0); err != nil {
		return err
	}
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	d.state = partial{d.shown, validatorOf(response, "ETag"), validatorOf(response, "Last-Modified")}
	content, err := json.Marshal(d.state)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.folder, partialFile+".json"), content, 0o644)
}

// validatorOf returns a header by which a body is known again, or none if it is too long to be sent
// back.
func validatorOf(response *http.Response, name string) string {
	const longest = 1 << 10
	if value := response.Header.Get(name); len(value) <= longest {
		return value
	}
	return ""
}

// try sends one request.
func (d *download) try(ctx context.Context) error {
	have, err := d.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if d.state.validator() == "" { // nothing tells whether the rest is of the same body
		have = 0
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := d.request(ctx, have)
	if err != nil {
		return err
	}
	response, err := d.clientFor(d.feed, request.URL).Do(request)
	if err != nil {
		err = withoutAddress(err)
		if refused := redirectError(""); errors.As(err, &refused) {
			return err
		}
		return &brokenError{err}
	}
	defer response.Body.Close()
	size := int64(0) // of the whole body, where a part of it says so
	switch response.StatusCode {
	case http.StatusNotModified:
		if d.known == nil {
			return errors.New("the server answered that nothing changed, though the store has nothing of it")
		}
		return errNotModified
	case http.StatusPartialContent:
		isOther := func(name, known string) bool {
			now := response.Header.Get(name)
			return now != "" && known != "" && now != known
		}
		if have > 0 && (isOther("ETag", d.state.ETag) || isOther("Last-Modified", d.state.LastModified)) {
			// The rest of another body (RFC 9110, 15.3.7.3).
			return errors.Join(d.begin(response), &brokenError{errors.New("the rest of the body is that of another one")})
		}
		var from int64
		var ok bool
		if from, size, ok = contentRange(response.Header.Get("Content-Range")); have == 0 || !ok || from != have {
			// The server sends something else than was asked for.
			return errors.Join(d.begin(response), &brokenError{fmt.Errorf("part of the body has the range %.60q", response.Header.Get("Content-Range"))})
		}
	case http.StatusOK:
		have = 0
		if err := d.begin(response); err != nil {
			return err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return errors.Join(d.begin(response), &brokenError{fmt.Errorf("the server answered %s", response.Status)})
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if until, ok := d.retryAfter(response.Header.Get("Retry-After")); ok {
			return &waitError{visible.Abbreviate(response.Status, 60), until}
		}
		return &brokenError{fmt.Errorf("the server answered %s", visible.Abbreviate(response.Status, 60))}
	default:
		err := fmt.Errorf("the server answered %s", visible.Abbreviate(response.Status, 60))
		if response.StatusCode >= 500 {
			return &brokenError{err}
		}
		return err
	}
	have, err = d.receive(ctx, cancel, response, have)
	if err == nil && have < size {
		return &brokenError{fmt.Errorf("a part of the body ended after %d bytes of %d", have, size)}
	}
	return err
}

// request returns a request for the body, or for its rest behind the bytes that are there.
func (d *download) request(ctx context.Context, have int64) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return nil, withoutAddress(err)
	}
	request.Header.Set("User-Agent", d.agent)
	// The client would undo a compression of the transfer, and then no range could be asked for.
	request.Header.Set("Accept-Encoding", "identity")
	if name, value, found := strings.Cut(d.feed.Header, ": "); found && d.mirror == "" {
		request.Header.Set(name, strings.ReplaceAll(value, "{key}", d.keys[d.feed.Name]))
	}
	switch {
	case have > 0:
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		request.Header.Set("If-Range", d.state.validator())
	case d.known != nil:
		if d.known.ETag != "" {
			request.Header.Set("If-None-Match", d.known.ETag)
		}
		if d.known.LastModified != "" {
			request.Header.Set("If-Modified-Since", d.known.LastModified)
		}
	}
	return request, nil
}

// receive writes the body behind the bytes that are there, and returns how many there are then. A
// body that stops coming is given up.
func (d *download) receive(ctx context.Context, cancel context.CancelCauseFunc, response *http.Response, have int64) (int64, error) {
	limit := d.feed.maxBytes()
	tooLarge := fmt.Errorf("it is larger than %d MiB", limit>>20)
	if have+max(0, response.ContentLength) > limit {
		return have, tooLarge
	}
	if _, err := d.file.Seek(have, io.SeekStart); err != nil {
		return have, err
	}
	idle := time.AfterFunc(d.idle, func() { cancel(fmt.Errorf("nothing came for %v", d.idle)) })
	defer idle.Stop()
	total := have + response.ContentLength
	buffer := make([]byte, 64<<10)
	for {
		n, err := response.Body.Read(buffer)
		idle.Reset(d.idle)
		if have += int64(n); have > limit {
			return have, tooLarge
		}
		if _, err := d.file.Write(buffer[:n]); err != nil {
			return have, err
		}
		d.report(d.feed, have, max(0, total))
		switch {
		case err == io.EOF:
			return have, nil
		case err != nil && context.Cause(ctx) != nil && ctx.Err() != nil:
			return have, &brokenError{context.Cause(ctx)}
		case err != nil:
			return have, &brokenError{fmt.Errorf("the body broke off after %d bytes: %w", have, withoutAddress(err))}
		}
	}
}

// clientFor returns a client that follows redirects within the feed's hosts alone, by HTTPS alone
// unless the first request was by HTTP, as to a mirror of one's own.
func (d *download) clientFor(f *Feed, first *url.URL) *http.Client {
	const mostRedirects = 5
	return &http.Client{Transport: d.transport, CheckRedirect: func(request *http.Request, via []*http.Request) error {
		to := request.URL
		isHost := to.Host == first.Host
		for _, host := range f.Hosts {
			isHost = isHost || d.mirror == "" && to.Host == host
		}
		switch {
		case len(via) > mostRedirects:
			return redirectError("it redirects without an end")
		case !isHost:
			return redirectError(fmt.Sprintf("it redirects to another host, %q", visible.Abbreviate(to.Host, 100)))
		case to.Scheme != "https" && to.Scheme != first.Scheme:
			return redirectError(fmt.Sprintf("it redirects from %s to %s", first.Scheme, visible.Abbreviate(to.Scheme, 20)))
		}
		return nil
	}}
}

// A redirectError is a redirect that is not followed.
type redirectError string

func (e redirectError) Error() string { return string(e) }

// withoutAddress returns what went wrong with a request without its address, which may have a key.
func withoutAddress(err error) error {
	if withAddress := (*url.Error)(nil); errors.As(err, &withAddress) {
		return withAddress.Err
	}
	return err
}

// contentRange returns where a part of a body begins, and the size of the whole, or 0 where the
// server does not know it: Content-Range: bytes 5-9/10 (RFC 9110, 14.4).
func contentRange(header string) (start, size int64, ok bool) {
	rest, found := strings.CutPrefix(header, "bytes ")
	part, whole, _ := strings.Cut(rest, "/")
	first, _, _ := strings.Cut(part, "-")
	size, _ = strconv.ParseInt(whole, 10, 64) // "*" is not known
	start, err := strconv.ParseInt(first, 10, 64)
	return start, size, found && err == nil
}

// retryAfter returns the time that a header names, in seconds or as a date (RFC 9110, 10.2.3).
func (d *download) retryAfter(header string) (time.Time, bool) {
	const longest = 7 * 24 * 60 * 60
	if seconds, err := strconv.ParseUint(header, 10, 63); err == nil {
		return d.now().Add(time.Duration(min(seconds, longest)) * time.Second), true
	}
	until, err := http.ParseTime(header)
	if latest := d.now().Add(longest * time.Second); until.After(latest) {
		until = latest
	}
	return until, err == nil
}

// hostOf returns the host of an address, for a pause between two requests to it.
func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return cmp.Or(parsed.Host, address)
}
