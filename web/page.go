package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"time"
)

// The pages are files as they stand in this folder: a browser runs them without a build.
//
//go:embed page
var pageFiles embed.FS

// contentTypes are those of the files by ending. The system's own table must not change them.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// pagePolicy lets a page have what comes from this server and nothing else: no script or style within it, no
// text that becomes markup or script, no frame around it. The one Trusted Types policy makes the address of
// the worker.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types snowman"

// page answers with the page on which names are looked up.
func (s *Service) page(w http.ResponseWriter, r *http.Request) { sendFile(w, r, "index.html") }

// asset answers with what the pages are made of.
func (s *Service) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if path.Ext(name) == ".html" { // which stands below another path
		refuseUnknown(w, r)
		return
	}
	sendFile(w, r, name)
}

func sendFile(w http.ResponseWriter, r *http.Request, name string) {
	content, err := pageFiles.ReadFile("page/" + name)
	if err != nil {
		refuseUnknown(w, r)
		return
	}
	sendPage(w, r, contentTypes[path.Ext(name)], content)
}

// sendPage answers with a page or a part of one.
func sendPage(w http.ResponseWriter, r *http.Request, contentType string, content []byte) {
	hash := sha256.Sum256(content)
	header := w.Header()
	setPageHeader(header, contentType)
	header.Set("ETag", `"`+hex.EncodeToString(hash[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// setPageHeader says what every page says to a browser.
func setPageHeader(header http.Header, contentType string) {
	header.Set("Content-Type", contentType)
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-cache") // without asking whether the ETag is still the same
}
