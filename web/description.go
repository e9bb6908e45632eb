package web

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var openAPI []byte

// description answers with the OpenAPI document that describes the service.
func (s *Service) description(w *response, _ *http.Request) {
	w.Header()["Content-Type"] = jsonType
	w.Write(openAPI)
}
