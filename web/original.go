package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// maxBody is the largest body of a request about one text: 64 KiB with every byte escaped, as a
// form (%XX) or as JSON (\u00XX), and the name of its field.
const maxBody = 6*snowman.MaxLength + 1<<10

// original scores one url as the Snowman of 2017 did.
func (s *Service) original(w *response, r *http.Request) {
	text := ""
	err := s.withBody(w, r, maxBody, func(body []byte) (err error) {
		text, err = readURL(r, body)
		return err
	})
	if err != nil {
		w.refuseError(err)
		return
	}
	start := time.Now()
	verdict, err := s.classify(text, func() string { return clientOf(w, r) })
	if errors.Is(err, errBusy) {
		w.refuseError(err)
		return
	}
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	s.countOne(w, text, verdict, err)
	if err != nil {
		w.refuseError(err)
		return
	}
	out := answer{service: s, w: w, r: r, bytes: make([]byte, 0, 64+len(text))}
	defer out.free()
	out.bytes = append(out.bytes, `{"input query": `...)
	out.bytes = appendASCII(out.bytes, text)
	out.bytes = append(out.bytes, `, "score": "`...)
	out.bytes = strconv.AppendFloat(out.bytes, verdict.Score, 'f', 5, 64)
	out.bytes = append(out.bytes, "\"}\n"...)
	if !out.count() {
		w.refuseError(errBusy)
		return
	}
	w.Header()["Content-Type"] = jsonType
	s.send(w, r, out.bytes)
}

// shortText is the length up to which a text is scored together with others. A longer one takes
// longer, and would keep the others waiting.
const shortText = 2 << 10

// classify returns the verdict on a client's text, without its probabilities.
func (s *Service) classify(text string, client func() string) (said snowman.Verdict, err error) {
	in := s.current.Load()
	if len(text) <= shortText {
		return in.combiner.classify(text)
	}
	if err := s.slow.enter(client()); err != nil {
		return said, err
	}
	defer s.slow.leave()
	j := in.judge(false)
	defer j.free()
	j.All([]string{text}, func(_ int, r verdict.Record, failure error) { said, err = r.Verdict, failure })
	said.Probabilities = snowman.Probabilities{}
	return said, err
}

// getModel answers with what the model says of itself.
func (s *Service) getModel(w *response, _ *http.Request) {
	w.writeJSON(s.current.Load().info)
}

var errMissing = errors.New(`url is missing: send it as a form field, as JSON {"url": "..."}, or as a query parameter`)

// readURL returns the url that a request asks about, from its body or else its query. It ignores
// all other fields, members and parameters, as the original did.
func readURL(r *http.Request, body []byte) (string, error) {
	contentType := r.Header.Get("Content-Type")
	if value, ok := bytes.CutPrefix(body, []byte("url=")); ok && contentType == "application/x-www-form-urlencoded" && !bytes.ContainsAny(value, "%+&;") {
		return string(value), nil // the same as parseForm reads
	}
	// curl -d says application/x-www-form-urlencoded. A body without a type is taken for that, too.
	mediaType, parameters, _ := mime.ParseMediaType(contentType)
	var form url.Values
	var err error
	switch mediaType {
	case "application/json":
		url, err := urlOfJSON(body)
		if err != nil {
			return "", fmt.Errorf("reading the request as JSON: %w", err)
		}
		if url != nil {
			return *url, nil
		}
	case "multipart/form-data": // curl -F
		if form, err = readParts(body, parameters["boundary"]); err != nil {
			return "", fmt.Errorf("reading the request as a form of several parts: %w", err)
		}
	default:
		if form, err = parseForm(string(body)); err != nil {
			return "", fmt.Errorf("reading the request as a form: %w", err)
		}
	}
	if form.Has("url") {
		return form.Get("url"), nil
	}
	query, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return "", fmt.Errorf("reading the query: %w", err)
	}
	if !query.Has("url") {
		return "", errMissing
	}
	return query.Get("url"), nil
}

var errNoURL = errors.New(`want {"url": "..."}, with a string`)

// urlOfJSON returns the member url of an object, nil if it has none or null.
func urlOfJSON(body []byte) (*string, error) {
	err := json.Unmarshal(body, new(ignored)) // for its syntax
	if err != nil {
		return nil, err
	}
	value := bytes.TrimSpace(body)
	if value[0] == '{' {
		if value, err = memberOf(value, "url"); err != nil {
			return nil, err
		}
	} else if string(value) != "null" {
		return nil, errNoURL
	}
	if value == nil || string(value) == "null" {
		return nil, nil
	}
	url, err := unquote(value)
	if err == errNoString {
		err = errNoURL
	}
	return &url, err
}

// readParts reads the field url of a form of several parts, each of which may have a charset of its
// own.
func readParts(body []byte, boundary string) (url.Values, error) {
	form := url.Values{}
	for reader := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := reader.NextPart()
		if err == io.EOF {
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FormName() != "url" || part.FileName() != "" {
			continue
		}
		if err := checkCharset(part.Header["Content-Type"]); err != nil {
			return nil, err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		form.Add("url", string(value))
	}
}

// parseForm reads a form in which a semicolon is part of a value, as the original did: semicolons
// are common in URLs, and curl -d sends them unescaped.
func parseForm(form string) (url.Values, error) {
	return url.ParseQuery(strings.ReplaceAll(form, ";", "%3B"))
}

// appendASCII appends a JSON string as Python's json module writes it: all but ASCII as \uXXXX, and
// &, < and > unescaped.
func appendASCII(out []byte, text string) []byte {
	out = append(out, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r >= ' ' && r <= '~':
			out = append(out, byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r == '\b':
			out = append(out, `\b`...)
		case r == '\f':
			out = append(out, `\f`...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return append(out, '"')
}
