package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/verdict"
)

// The Open Inference Protocol, version 2, which KServe and Triton speak, without its binary extension
// (https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md).

// inferenceName is the name of the one model.
const inferenceName = "snowman"

type tensorShape struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

// What goes into the model and what comes out, -1 for the number of texts.
var (
	inferenceInputs  = []tensorShape{{"text", "BYTES", []int{-1}}}
	inferenceOutputs = []tensorShape{
		{"score", "FP32", []int{-1}},  // -1 for what is no name or URL
		{"level", "BYTES", []int{-1}}, // none, low, medium, high
		{"kind", "BYTES", []int{-1}},
		{"error", "BYTES", []int{-1}}, // why there is no score, or empty
	}
)

func (s *Service) inferenceServer(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, struct {
		Name       string   `json:"name"`
		Version    string   `json:"version"`
		Extensions []string `json:"extensions"`
	}{"snowman", s.options.Version, []string{}})
}

func (s *Service) inferenceLive(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, struct {
		Live bool `json:"live"`
	}{true})
}

func (s *Service) inferenceReady(w http.ResponseWriter, _ *http.Request) {
	draining := s.draining.Load()
	if draining {
		w.Header()["Content-Type"] = jsonType
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	writeJSON(w, struct {
		Ready bool `json:"ready"`
	}{!draining})
}

// inferenceAnswers returns what answers for the model that a path names, nil if there is no such model:
// then the request has been answered.
func (s *Service) inferenceAnswers(w http.ResponseWriter, r *http.Request) *answers {
	a := s.current.Load()
	name, version := r.PathValue("model"), r.PathValue("version")
	if name != inferenceName || version != "" && version != modelVersion(a.info) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("there is no model %q in version %q, only %q in version %q",
			abbreviate(name), abbreviate(version), inferenceName, modelVersion(a.info)))
		return nil
	}
	return a
}

func (s *Service) inferenceModel(w http.ResponseWriter, r *http.Request) {
	a := s.inferenceAnswers(w, r)
	if a == nil {
		return
	}
	writeJSON(w, struct {
		Name     string        `json:"name"`
		Versions []string      `json:"versions"`
		Platform string        `json:"platform"`
		Inputs   []tensorShape `json:"inputs"`
		Outputs  []tensorShape `json:"outputs"`
	}{inferenceName, []string{modelVersion(a.info)}, "snowman", inferenceInputs, inferenceOutputs})
}

func (s *Service) inferenceModelReady(w http.ResponseWriter, r *http.Request) {
	if s.inferenceAnswers(w, r) != nil {
		s.inferenceReady(w, r)
	}
}

type inferenceRequest struct {
	ID     string `json:"id"`
	Inputs list[struct {
		Name     string           `json:"name"`
		Shape    list[int]        `json:"shape"`
		Datatype string           `json:"datatype"`
		Data     *list[textValue] `json:"data"`
	}] `json:"inputs"`
	Outputs list[struct {
		Name string `json:"name"`
	}] `json:"outputs"`
}

type inferenceTensor struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
	Data     any    `json:"data"`
}

type inferenceResponse struct {
	ModelName    string            `json:"model_name"`
	ModelVersion string            `json:"model_version"`
	ID           string            `json:"id,omitempty"`
	Outputs      []inferenceTensor `json:"outputs"`
}

// texts returns the texts of an inference request.
func (r *inferenceRequest) texts() ([]textValue, error) {
	if len(r.Inputs) != 1 {
		return nil, fmt.Errorf("%d inputs, want one", len(r.Inputs))
	}
	input := r.Inputs[0]
	if input.Datatype != "BYTES" {
		return nil, fmt.Errorf("input %q is of datatype %q, want BYTES", abbreviate(input.Name), abbreviate(input.Datatype))
	}
	if input.Data == nil {
		return nil, fmt.Errorf("input %q has no data in JSON; binary tensors are not read (tritonclient: binary_data=False)", abbreviate(input.Name))
	}
	texts := *input.Data
	if len(input.Shape) > 8 {
		return nil, fmt.Errorf("input %q has %d dimensions, want one or two", abbreviate(input.Name), len(input.Shape))
	}
	if !isShapeOf(input.Shape, len(texts)) {
		return nil, fmt.Errorf("input %q has the shape %v, and %d texts", abbreviate(input.Name), input.Shape, len(texts))
	}
	for _, output := range r.Outputs {
		if !slices.ContainsFunc(inferenceOutputs, func(known tensorShape) bool { return known.Name == output.Name }) {
			return nil, fmt.Errorf("there is no output %q, only score, level, kind and error", abbreviate(output.Name))
		}
	}
	if len(r.Outputs) > len(inferenceOutputs) {
		return nil, errors.New("more outputs are asked for than there are")
	}
	return texts, nil
}

// isShapeOf reports whether a shape is that of so many texts: [n], or [n, 1] as batches are.
func isShapeOf(shape []int, texts int) bool {
	product := 1
	for _, n := range shape {
		if n < 0 || n > maxTexts || product*n > maxTexts {
			return false
		}
		product *= n
	}
	return len(shape) > 0 && product == texts
}

// infer scores the texts of an inference request.
func (s *Service) infer(w http.ResponseWriter, r *http.Request) {
	a := s.inferenceAnswers(w, r)
	if a == nil {
		return
	}
	if r.Header.Get("Inference-Header-Content-Length") != "" {
		refuse(w, http.StatusBadRequest, "binary tensors are not read: send them as JSON (tritonclient: binary_data=False)")
		return
	}
	err := s.withBody(r, maxScoreBody, func(body []byte) error {
		var request inferenceRequest
		if err := json.Unmarshal(body, &request); err != nil {
			return fmt.Errorf("reading the request as JSON: %w", err)
		}
		texts, err := request.texts()
		if err != nil {
			return err
		}
		response := s.inferred(requestID(w), a, request, texts)
		counted(w, len(texts))
		writeJSON(w, response)
		return nil
	})
	if err != nil {
		refuseError(w, err)
	}
}

// inferred answers an inference request for these texts with the outputs that it asks for, all if none.
func (s *Service) inferred(id string, a *answers, request inferenceRequest, values []textValue) inferenceResponse {
	start := time.Now()
	texts := make([]string, len(values))
	for i, v := range values {
		if v.err == nil {
			texts[i] = v.text
		}
	}
	scores := make([]float32, len(texts))
	levels, kinds, failures := make([]string, len(texts)), make([]string, len(texts)), make([]string, len(texts))
	var counts [snowman.High + 1]int
	failed := 0
	j := a.judge(false)
	defer j.free()
	j.All(texts, func(i int, r verdict.Record, err error) {
		if values[i].err != nil {
			err = values[i].err
		}
		s.logText(id, values[i].text, r.Verdict, err)
		if err != nil {
			scores[i], failures[i] = -1, err.Error()
			failed++
			return
		}
		counts[r.Level]++
		scores[i], levels[i], kinds[i] = float32(r.Score), r.Level.String(), r.Kind
	})
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	s.metrics.add(counts, failed)

	response := inferenceResponse{ModelName: inferenceName, ModelVersion: modelVersion(a.info), ID: request.ID, Outputs: []inferenceTensor{}}
	data := map[string]any{"score": scores, "level": levels, "kind": kinds, "error": failures}
	add := func(output tensorShape) {
		response.Outputs = append(response.Outputs, inferenceTensor{output.Name, output.Datatype, request.Inputs[0].Shape, data[output.Name]})
	}
	for _, output := range inferenceOutputs {
		if len(request.Outputs) == 0 {
			add(output)
		}
	}
	for _, asked := range request.Outputs {
		for _, output := range inferenceOutputs {
			if output.Name == asked.Name {
				add(output)
			}
		}
	}
	return response
}

// writeJSON answers with a value as JSON.
func writeJSON(w http.ResponseWriter, value any) {
	w.Header()["Content-Type"] = jsonType
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(value) // an error is the client's leaving
}
