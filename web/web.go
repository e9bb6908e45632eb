// Package web answers over HTTP what the library answers in Go.
//
//	http.ListenAndServe(":5000", web.Handler(snowman.Default()))
//
// PUT and POST /model answer in the bytes of the original Snowman of 2017. GET /model says what model
// it is, GET /healthz that the server lives. Nothing of a request is kept or looked up.
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
	"unicode/utf16"

	"github.com/snowman-ml/snowman"
)

// maxBody is the largest request body that is read: a text of 64 KiB with every byte escaped, as a
// form (%XX) or as JSON (\u00XX), and the name of its field.
const maxBody = 6*snowman.MaxLength + 1<<10

// Handler returns a handler that answers with this model.
func Handler(model *snowman.Model) http.Handler {
	mux := http.NewServeMux()
	score := func(w http.ResponseWriter, r *http.Request) { answer(w, r, model) }
	mux.HandleFunc("PUT /model", score)
	mux.HandleFunc("POST /model", score)
	mux.HandleFunc("GET /model", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(model.Info())
	})
	mux.HandleFunc("/model", func(w http.ResponseWriter, r *http.Request) {
		const allowed = "GET, HEAD, POST, PUT"
		w.Header().Set("Allow", allowed)
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("%s is not allowed, only %s", r.Method, allowed))
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "ok\n")
	})
	return mux
}

// answer scores the url of one request.
func answer(w http.ResponseWriter, r *http.Request, model *snowman.Model) {
	text, err := readURL(w, r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request body is larger than %d bytes", maxBody))
		return
	case err != nil:
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	score, err := model.Score(text)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	body := append([]byte(nil), `{"input query": `...)
	body = appendASCII(body, text)
	body = append(body, `, "score": "`...)
	body = strconv.AppendFloat(body, score, 'f', 5, 64)
	body = append(body, "\"}\n"...)
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

// refuse answers that a request cannot be answered, and why.
func refuse(w http.ResponseWriter, status int, reason string) {
	body := appendASCII([]byte(`{"error": `), reason)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, "}\n"...))
}

var errMissing = errors.New(`url is missing: send it as a form field, as JSON {"url": "..."}, or as a query parameter`)

// readURL returns the url that a request asks about, from its body or else its query.
func readURL(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return "", fmt.Errorf("reading the request: %w", err)
	}
	// curl -d says application/x-www-form-urlencoded, and so do we of what names no type.
	mediaType, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var form url.Values
	switch mediaType {
	case "application/json":
		var request struct {
			URL *string `json:"url"`
		}
		if err := json.Unmarshal(body, &request); err != nil {
			return "", fmt.Errorf("reading the request as JSON: %w", err)
		}
		if request.URL != nil {
			return *request.URL, nil
		}
	case "multipart/form-data": // curl -F
		parts, err := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]).ReadForm(maxBody)
		if err != nil {
			return "", fmt.Errorf("reading the request as a form of several parts: %w", err)
		}
		form = parts.Value
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

// parseForm reads a form in which a semicolon is part of a value, as the original did: it is common
// in URLs, and curl -d sends them as they are.
func parseForm(form string) (url.Values, error) {
	return url.ParseQuery(strings.ReplaceAll(form, ";", "%3B"))
}

// appendASCII appends a JSON string as Python's json module writes it: ASCII alone, all else as
// \uXXXX, with &, < and > as they are.
func appendASCII(out []byte, text string) []byte {
	out = append(out, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
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
		case r >= ' ' && r <= '~':
			out = append(out, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return append(out, '"')
}
