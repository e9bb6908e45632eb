package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"

	"github.com/snowman-ml/snowman/internal/card"
)

// The pages are files of this folder. A browser runs them without a build.
//
//go:embed page
var pageFiles embed.FS

// contentTypes are the types of the files, by ending. The system's own table must not change them.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// pagePolicy lets a page load what comes from this server and nothing else. It forbids inline
// scripts and styles, text that becomes markup or script, and frames around the page. The one
// Trusted Types policy makes the address of the worker.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types snowman"

// page answers with the page that looks names up.
func (s *Service) page(w *response, r *http.Request) { sendFile(w, r, "index.html") }

// asset answers with a file that the pages load.
func (s *Service) asset(w *response, r *http.Request) {
	name := r.PathValue("file")
	if path.Ext(name) == ".html" { // it has a path of its own
		w.refuseUnknown(r)
		return
	}
	sendFile(w, r, name)
}

func sendFile(w *response, r *http.Request, name string) {
	content, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		w.refuseUnknown(r)
		return
	}
	sendPage(w, r, contentTypes[path.Ext(name)], content)
}

// card answers with the page about the model. The shipped model's is for everybody; an operator's
// own model may name what others must not know.
func (s *Service) card(w *response, r *http.Request) {
	in := s.current.Load()
	w.page = true
	if !card.IsShipped(in.info) && !s.admit(w, r) {
		return
	}
	page, err := in.card()
	if err != nil {
		w.refuse(http.StatusInternalServerError, err.Error())
		return
	}
	sendPage(w, r, contentTypes[".html"], page)
}

// chartStyle answers with the style of the card's charts.
func (s *Service) chartStyle(w *response, r *http.Request) {
	sendPage(w, r, contentTypes[".css"], []byte(card.ChartStyle()))
}

// CardStyle returns, in CSS, all styles of the page about the model: card.File needs them.
func CardStyle() string {
	all, _ := pageFiles.ReadFile("page/snowman.css") // embedded files are there
	own, _ := pageFiles.ReadFile("page/card.css")
	return string(all) + card.ChartStyle() + string(own)
}

// sendRefusal answers with a page that says why there is no other.
func (w *response) sendRefusal(status int, reason string) {
	page, err := card.Refusal(http.StatusText(status), reason, status == http.StatusUnauthorized)
	if err != nil {
		status = http.StatusInternalServerError
	}
	setPageHeader(w.Header(), contentTypes[".html"])
	w.WriteHeader(status)
	w.Write(page)
}

// sendPage answers with a page or a file that one loads.
func sendPage(w *response, r *http.Request, contentType string, content []byte) {
	hash := sha256.Sum256(content)
	header := w.Header()
	setPageHeader(header, contentType)
	header.Set("ETag", `"`+hex.EncodeToString(hash[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// setPageHeader sets the header fields of every page.
func setPageHeader(header http.Header, contentType string) {
	header.Set("Content-Type", contentType)
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-cache") // a browser asks whether the ETag is still the same
}
