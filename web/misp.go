package web

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/uuid"
	"github.com/snowman-ml/snowman/internal/verdict"
	"github.com/snowman-ml/snowman/internal/visible"
)

// An expansion module of MISP, as a server of modules answers it
// (https://github.com/MISP/misp-modules, misp_modules/__main__.py).

// mispName is the name of the one module.
const mispName = "snowman"

// mispTypes are the types of attributes that the module takes
// (https://www.misp-project.org/datamodels/). Of a value with a | in it the part before counts. An
// address that receives mail is most often a victim's, so email-dst is none of them.
var mispTypes = []string{"domain", "hostname", "domain|ip", "hostname|port", "url", "uri", "email", "email-src", "email-reply-to"}

// The template of the object that MISP has for what a source thinks of a value
// (https://github.com/MISP/misp-objects, objects/reputation/definition.json).
const (
	mispTemplate        = "reputation"
	mispTemplateUUID    = "0a606d84-87ea-4a92-9bdb-528f899ff531"
	mispTemplateVersion = "1"
	mispMetaCategory    = "misc"
)

type mispModule struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Attributes mispAttributes `json:"mispattributes"`
	Meta       mispMeta       `json:"meta"`
}

type mispAttributes struct {
	Input  []string `json:"input"`
	Format string   `json:"format"`
}

type mispMeta struct {
	Version     string   `json:"version"`
	Author      string   `json:"author"`
	Description string   `json:"description"`
	ModuleType  []string `json:"module-type"`
	Name        string   `json:"name"`
	Config      []string `json:"config"`
}

// mispModules answers which modules there are.
func (s *Service) mispModules(w *response, _ *http.Request) {
	w.writeJSON([]mispModule{{
		Name: mispName, Type: "expansion", Attributes: mispAttributes{mispTypes, "misp_standard"},
		Meta: mispMeta{
			Version: s.options.Version, Author: "Snowman", Name: "Snowman",
			Description: "How likely a name or URL is to be malicious, from its characters alone. Nothing is looked up or sent to anybody.",
			ModuleType:  []string{"expansion", "hover"}, Config: []string{},
		},
	}})
}

// A mispRequest is a query of a module. It has an attribute, or as older versions of MISP ask, a
// member that has the name of the value's type.
type mispRequest struct {
	module    string
	attribute *mispInput           // nil if there is none
	values    map[string]mispInput // by type
}

type mispInput struct {
	uuid, kind, category string
	value                *string // nil if there is none
	toIDs                *bool
}

// members are those that matter. MISP sends others: the module's configuration, the event, a limit
// of time, and of the attribute all that it has.
func (request *mispRequest) members(d *document) members {
	other := func() error { return d.Decode(new(ignored)) }
	known := members{
		"module": d.string(func(name string) { request.module = name }),
		"attribute": func() error {
			var a mispInput
			err := d.object(members{
				"uuid":     d.string(func(uuid string) { a.uuid = uuid }),
				"type":     d.string(func(kind string) { a.kind = kind }),
				"category": d.string(func(category string) { a.category = category }),
				"value":    d.string(func(value string) { a.value = &value }),
				"to_ids": func() error {
					var value any // also "1", of some versions
					err := d.Decode(&value)
					if toIDs, ok := value.(bool); ok {
						a.toIDs = &toIDs
					}
					return err
				},
				"*": other,
			})
			if a.kind != "" || a.value != nil {
				request.attribute = &a
			}
			return err
		},
		"*": other,
	}
	for _, kind := range mispTypes {
		known[kind] = d.string(func(value string) { request.values[kind] = mispInput{kind: kind, value: &value} })
	}
	return known
}

// input returns what the query asks about, and whether it is an attribute.
func (request *mispRequest) input() (asked mispInput, isAttribute bool, err error) {
	if request.module != mispName {
		return asked, false, fmt.Errorf("there is no module %q, only %s", abbreviate(request.module), mispName)
	}
	if request.attribute == nil {
		for _, kind := range mispTypes {
			if asked, ok := request.values[kind]; ok {
				return asked, false, nil
			}
		}
		return asked, false, fmt.Errorf("there is no attribute of a type that the module takes: %s", strings.Join(mispTypes, ", "))
	}
	asked = *request.attribute
	switch {
	case !slices.Contains(mispTypes, asked.kind):
		return asked, false, fmt.Errorf("an attribute of type %q is not taken, only %s", abbreviate(asked.kind), strings.Join(mispTypes, ", "))
	case asked.value == nil:
		return asked, false, errors.New("the attribute has no value")
	}
	return asked, true, nil
}

// text returns what is scored of the value.
func (asked *mispInput) text() string {
	if !strings.Contains(asked.kind, "|") {
		return *asked.value
	}
	text, _, _ := strings.Cut(*asked.value, "|")
	return text
}

// mispQuery answers a query of the module. MISP shows the error of an answer with the status 200
// alone, so that has whatever is wrong with what was asked; what the service refuses to any client
// has its own status.
func (s *Service) mispQuery(w *response, r *http.Request) {
	out := answer{service: s, w: w, r: r}
	defer out.free()
	err := s.withBody(w, r, maxScoreBody, func(body []byte) error {
		if err := s.slow.enter(clientOf(w, r)); err != nil {
			return err
		}
		defer s.slow.leave()
		request := mispRequest{values: map[string]mispInput{}}
		err := readJSON(body, `{"module": "snowman", "attribute": {"type": "domain", "value": "example.com", "uuid": "..."}}`, request.members)
		var asked mispInput
		var isAttribute bool
		if err == nil {
			asked, isAttribute, err = request.input()
		}
		var said verdict.Record
		if err == nil {
			said, err = s.judgeOne(w, asked.text())
		}
		var result any
		switch {
		case err != nil:
			out.bytes = append(appendASCII([]byte(`{"error": `), err.Error()), "}\n"...)
		case isAttribute:
			result = mispStandard(asked, said)
		default:
			result = mispSimple(said)
		}
		if err == nil {
			if out.bytes, err = appendJSON(nil, result); err != nil {
				return err
			}
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

// judgeOne returns all that is said of the one text of a request.
func (s *Service) judgeOne(w *response, text string) (said verdict.Record, err error) {
	start := time.Now()
	j := s.current.Load().plainJudge()
	defer j.free()
	j.All([]string{text}, func(_ int, r verdict.Record, failure error) { said, err = r, failure })
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	s.countOne(w, text, said.Verdict, err)
	return said, err
}

type (
	mispAnswer[T any] struct {
		Results T `json:"results"`
	}
	mispResult struct {
		Types      []string `json:"types"`
		Categories []string `json:"categories"`
		Values     []string `json:"values"`
		Comment    string   `json:"comment"`
	}
	mispEvent struct {
		Attribute []mispEcho   `json:"Attribute,omitempty"`
		Object    []mispObject `json:"Object"`
	}
	mispEcho struct {
		UUID     string `json:"uuid"`
		Type     string `json:"type"`
		Value    string `json:"value"`
		Category string `json:"category,omitempty"`
		ToIDs    *bool  `json:"to_ids,omitempty"`
	}
	mispObject struct {
		Name            string          `json:"name"`
		MetaCategory    string          `json:"meta-category"`
		TemplateUUID    string          `json:"template_uuid"`
		TemplateVersion string          `json:"template_version"`
		UUID            string          `json:"uuid"`
		Comment         string          `json:"comment"`
		ObjectReference []mispReference `json:"ObjectReference,omitempty"`
		Attribute       []mispPart      `json:"Attribute"`
	}
	mispReference struct {
		UUID             string `json:"uuid"`
		ObjectUUID       string `json:"object_uuid"`
		ReferencedUUID   string `json:"referenced_uuid"`
		RelationshipType string `json:"relationship_type"`
	}
	mispPart struct {
		UUID               string `json:"uuid"`
		ObjectRelation     string `json:"object_relation"`
		Type               string `json:"type"`
		Value              any    `json:"value"`
		Category           string `json:"category"`
		ToIDs              bool   `json:"to_ids"`
		DisableCorrelation bool   `json:"disable_correlation"`
	}
)

const mispComment = "from the characters of the name alone"

// mispSimple returns the answer to a query without an attribute.
func mispSimple(said verdict.Record) any {
	text := "Snowman: score " + mispScore(said).String() + ", " + mispText(said)
	return mispAnswer[[]mispResult]{[]mispResult{{[]string{"text"}, []string{"External analysis"}, []string{text}, mispComment}}}
}

// mispStandard returns the answer to a query with an attribute: an object that refers to it. The
// same verdict on the same attribute has the same identifiers, so MISP can tell that it has it.
func mispStandard(asked mispInput, said verdict.Record) any {
	text := mispText(said)
	id, isUUID := parseUUID(asked.uuid)
	name := *asked.value + " " + mispScore(said).String() + " " + text
	object := mispObject{
		Name: mispTemplate, MetaCategory: mispMetaCategory, TemplateUUID: mispTemplateUUID, TemplateVersion: mispTemplateVersion,
		UUID: uuid.Of(id, "object "+name).String(), Comment: mispComment,
	}
	add := func(relation, kind string, value any) {
		object.Attribute = append(object.Attribute, mispPart{
			UUID: uuid.Of(id, relation+" "+name).String(), ObjectRelation: relation, Type: kind, Value: value,
			Category: "Other", DisableCorrelation: true,
		})
	}
	add("classification", "text", mispClassification(said.Level))
	add("score", "float", mispScore(said))
	add("source", "text", "Snowman")
	add("text", "text", text)
	event := mispEvent{Object: []mispObject{object}}
	if isUUID {
		event.Object[0].ObjectReference = []mispReference{{uuid.Of(id, "reference "+name).String(), object.UUID, asked.uuid, "related-to"}}
		event.Attribute = []mispEcho{{asked.uuid, asked.kind, *asked.value, asked.category, asked.toIDs}}
	}
	return mispAnswer[mispEvent]{event}
}

// mispScore returns a score with the digits that the original Snowman gave.
func mispScore(said verdict.Record) json.Number {
	return json.Number(strconv.FormatFloat(said.Score, 'f', 5, 64))
}

// mispClassification returns a word of the template. What reaches no level is not benign for that.
func mispClassification(level snowman.Level) string {
	switch level {
	case snowman.High:
		return "malicious"
	case snowman.Medium:
		return "suspicious"
	}
	return "unknown"
}

// mispText says of a record what the template has no fields for.
func mispText(said verdict.Record) string {
	facts := []string{"level " + said.Level.String()}
	if said.Level != snowman.None {
		facts = append(facts, "kind "+said.Kind)
	}
	if said.Imitates != "" {
		facts = append(facts, "imitates "+said.Imitates)
	}
	if said.Mentions != "" {
		facts = append(facts, "mentions "+said.Mentions)
	}
	if said.MixedScript {
		facts = append(facts, "mixes scripts")
	}
	if said.Popular {
		facts = append(facts, "popular")
	}
	if said.NotPublic != "" {
		facts = append(facts, "not public: "+said.NotPublic)
	}
	if said.UserInfo {
		facts = append(facts, "had user-info")
	}
	if said.UnwrappedFrom != "" {
		facts = append(facts, "unwrapped from "+visible.Text(said.UnwrappedFrom))
	}
	if said.Allowed != nil {
		facts = append(facts, "allowed by "+visible.Text(said.Allowed.Entry))
	}
	return strings.Join(facts, ", ") + " (score: 0 to 1)"
}

// parseUUID returns the bytes of a UUID, and whether a text is one; all are 0 if not.
func parseUUID(text string) (id [16]byte, isUUID bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	digits := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return [16]byte{}, false
	}
	return id, true
}
