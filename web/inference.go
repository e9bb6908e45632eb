package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/snowman-ml/snowman/internal/verdict"
)

// The Open Inference Protocol, version 2, which KServe and Triton speak, without its binary
// extension (https://github.com/kserve/open-inference-protocol,
// specification/protocol/inference_rest.md).

// inferenceName is the name of the one model.
const inferenceName = "snowman"

// maxInputs is how many inputs or outputs are read of a request, before it is said that there are
// fewer: each may have maxTexts elements, which take more memory than they have bytes.
const maxInputs = 16

type tensorShape struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

// What goes into the model and what comes out. A shape of -1 stands for the number of texts.
var (
	inferenceInputs  = []tensorShape{{"text", "BYTES", []int{-1}}}
	inferenceOutputs = []tensorShape{
		{"score", "FP32", []int{-1}},  // -1 if the text is no name or URL
		{"level", "BYTES", []int{-1}}, // none, low, medium, high
		{"kind", "BYTES", []int{-1}},
		{"error", "BYTES", []int{-1}}, // why there is no score, else empty
	}
)

func (s *Service) inferenceServer(w *response, _ *http.Request) {
	w.writeJSON(struct {
		Name       string   `json:"name"`
		Version    string   `json:"version"`
		Extensions []string `json:"extensions"`
	}{"snowman", s.options.Version, []string{}})
}

func (s *Service) inferenceLive(w *response, _ *http.Request) {
	w.writeJSON(struct {
		Live bool `json:"live"`
	}{true})
}

func (s *Service) inferenceReady(w *response, _ *http.Request) {
	draining := s.draining.Load()
	if draining {
		w.Header()["Content-Type"] = jsonType
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	w.writeJSON(struct {
		Ready bool `json:"ready"`
	}{!draining})
}

// servedModel returns what is served under the model that a path names. It returns nil if there is
// no such model, and has answered the request then.
func (s *Service) servedModel(w *response, r *http.Request) *served {
	in := s.current.Load()
	name, version := r.PathValue("model"), r.PathValue("version")
	if name != inferenceName || version != "" && version != modelVersion(in.info) {
		w.refuse(http.StatusNotFound, fmt.Sprintf("there is no model %q in version %q, only %q in version %q",
			abbreviate(name), abbreviate(version), inferenceName, modelVersion(in.info)))
		return nil
	}
	return in
}

func (s *Service) inferenceModel(w *response, r *http.Request) {
	in := s.servedModel(w, r)
	if in == nil {
		return
	}
	w.writeJSON(struct {
		Name     string        `json:"name"`
		Versions []string      `json:"versions"`
		Platform string        `json:"platform"`
		Inputs   []tensorShape `json:"inputs"`
		Outputs  []tensorShape `json:"outputs"`
	}{inferenceName, []string{modelVersion(in.info)}, "snowman", inferenceInputs, inferenceOutputs})
}

func (s *Service) inferenceModelReady(w *response, r *http.Request) {
	if s.servedModel(w, r) != nil {
		s.inferenceReady(w, r)
	}
}

type inferenceRequest struct {
	id      string
	inputs  []inferenceInput
	outputs []string // names of those that are asked for
}

type inferenceInput struct {
	name, datatype string
	shape          []int
	data           []textValue // nil if they are missing
}

// members are those of the protocol. Parameters are ignored: neither the input nor the outputs have
// any.
func (request *inferenceRequest) members(d *document) members {
	parameters := func() error {
		return d.object(members{"*": func() error { return d.Decode(new(ignored)) }})
	}
	return members{
		"id":         d.string(func(id string) { request.id = id }),
		"parameters": parameters,
		"inputs": func() error {
			return readArray(d, &request.inputs, maxInputs, func(input *inferenceInput) error {
				return d.object(members{
					"name":       d.string(func(name string) { input.name = name }),
					"shape":      func() error { return readArray(d, &input.shape, maxTexts, d.integer) },
					"datatype":   d.string(func(datatype string) { input.datatype = datatype }),
					"parameters": parameters,
					"data":       func() error { return d.texts(&input.data) },
				})
			})
		},
		"outputs": func() error {
			return readArray(d, &request.outputs, maxInputs, func(output *string) error {
				return d.object(members{
					"name":       d.string(func(name string) { *output = name }),
					"parameters": parameters,
				})
			})
		},
	}
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
func (request *inferenceRequest) texts() ([]textValue, error) {
	if len(request.inputs) != 1 {
		return nil, fmt.Errorf("%d inputs, want one", len(request.inputs))
	}
	input := request.inputs[0]
	if input.datatype != "BYTES" {
		return nil, fmt.Errorf("input %q is of datatype %q, want BYTES", abbreviate(input.name), abbreviate(input.datatype))
	}
	if input.data == nil {
		return nil, fmt.Errorf("input %q has no data in JSON; binary tensors are not read (tritonclient: binary_data=False)", abbreviate(input.name))
	}
	if len(input.shape) > 8 {
		return nil, fmt.Errorf("input %q has %d dimensions, want one or two", abbreviate(input.name), len(input.shape))
	}
	if !isShapeOf(input.shape, len(input.data)) {
		return nil, fmt.Errorf("input %q has the shape %v, and %d texts", abbreviate(input.name), input.shape, len(input.data))
	}
	for _, output := range request.outputs {
		if !slices.ContainsFunc(inferenceOutputs, func(known tensorShape) bool { return known.Name == output }) {
			return nil, fmt.Errorf("there is no output %q, only score, level, kind and error", abbreviate(output))
		}
	}
	if len(request.outputs) > len(inferenceOutputs) {
		return nil, errors.New("more outputs are asked for than there are")
	}
	return input.data, nil
}

// isShapeOf reports whether a shape holds this number of texts: [n], or [n, 1] as batches have.
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
func (s *Service) infer(w *response, r *http.Request) {
	in := s.servedModel(w, r)
	if in == nil {
		return
	}
	if r.Header.Get("Inference-Header-Content-Length") != "" {
		w.refuse(http.StatusBadRequest, "binary tensors are not read: send them as JSON (tritonclient: binary_data=False)")
		return
	}
	out := answer{service: s, w: w, r: r}
	defer out.free()
	err := s.withBody(w, r, maxScoreBody, func(body []byte) error {
		if err := s.work.enter(clientOf(w, r)); err != nil {
			return err
		}
		defer s.work.leave()
		var request inferenceRequest
		if err := readJSON(body, `{"inputs": [...]}`, request.members); err != nil {
			return err
		}
		texts, err := request.texts()
		if err != nil {
			return err
		}
		if out.bytes, err = appendJSON(nil, s.inferred(w, in, request, texts)); err != nil {
			return err
		}
		if !out.count() {
			return errBusy
		}
		return nil
	})
	if err != nil {
		w.refuseError(err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	s.send(w, r, out.bytes)
}

// inferred answers an inference request for these texts with the outputs that it asks for, by
// default all.
func (s *Service) inferred(w *response, in *served, request inferenceRequest, values []textValue) inferenceResponse {
	start := time.Now()
	texts := make([]string, len(values))
	for i, v := range values {
		if v.err == nil {
			texts[i] = v.text
		}
	}
	scores := make([]float32, len(texts))
	levels, kinds, failures := make([]string, len(texts)), make([]string, len(texts)), make([]string, len(texts))
	counted := s.newTally(w.id)
	j := in.judge(false)
	defer j.free()
	j.All(texts, func(i int, r verdict.Record, err error) {
		if values[i].err != nil {
			err = values[i].err
		}
		counted.count(values[i].text, r.Verdict, err)
		if err != nil {
			scores[i], failures[i] = -1, err.Error()
			return
		}
		scores[i], levels[i], kinds[i] = float32(r.Score), r.Level.String(), r.Kind
	})
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	w.texts += counted.report()

	response := inferenceResponse{ModelName: inferenceName, ModelVersion: modelVersion(in.info), ID: request.id, Outputs: []inferenceTensor{}}
	data := map[string]any{"score": scores, "level": levels, "kind": kinds, "error": failures}
	add := func(output tensorShape) {
		response.Outputs = append(response.Outputs, inferenceTensor{output.Name, output.Datatype, request.inputs[0].shape, data[output.Name]})
	}
	for _, output := range inferenceOutputs {
		if len(request.outputs) == 0 {
			add(output)
		}
	}
	for _, asked := range request.outputs {
		for _, output := range inferenceOutputs {
			if output.Name == asked {
				add(output)
			}
		}
	}
	return response
}
