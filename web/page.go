package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"

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
func (s *Service) page(w *response, r *http.Request) { s.sendFile(w, r, "index.html") }

// asset answers with a file that the pages load.
func (s *Service) asset(w *response, r *http.Request) {
	name := r.PathValue("file")
	if path.Ext(name) == ".html" { // it has a path of its own
		w.refuseUnknown(r)
		return
	}
	s.sendFile(w, r, name)
}

func (s *Service) sendFile(w *response, r *http.Request, name string) {
	file := s.files()[name]
	if file == nil {
		w.refuseUnknown(r)
		return
	}
	s.sendPage(w, r, file)
}

// A pageFile is what a page or a file of one is sent from.
type pageFile struct {
	contentType, tag string // the tag is its ETag
	content          []byte
}

func newPageFile(contentType string, content []byte) *pageFile {
	hash := sha256.Sum256(content)
	return &pageFile{contentType, `"` + hex.EncodeToString(hash[:8]) + `"`, content}
}

// chartStyle is the name of the file that styles the card's charts.
const chartStyle = "picture.css"

// readPageFiles returns all that pages load, by name.
func readPageFiles() map[string]*pageFile {
	files := map[string]*pageFile{chartStyle: newPageFile(contentTypes[".css"], []byte(card.ChartStyle()))}
	entries, _ := pageFiles.ReadDir("page") // embedded files are there
	for _, entry := range entries {
		if content, err := pageFiles.ReadFile("page/" + entry.Name()); err == nil {
			files[entry.Name()] = newPageFile(contentTypes[path.Ext(entry.Name())], content)
		}
	}
	return files
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
	s.sendPage(w, r, page)
}

// chartStyle answers with the style of the card's charts.
func (s *Service) chartStyle(w *response, r *http.Request) { s.sendFile(w, r, chartStyle) }

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

// sendPage answers with a page or a file that one loads. All requests share its bytes;
// http.ServeContent would copy them through a buffer for each.
func (s *Service) sendPage(w *response, r *http.Request, f *pageFile) {
	header := w.Header()
	setPageHeader(header, f.contentType)
	header.Set("ETag", f.tag)
	if known := strings.Join(r.Header["If-None-Match"], ","); known == "*" || strings.Contains(known, f.tag) {
		header.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(f.content)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		s.send(w, r, f.content)
	}
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
