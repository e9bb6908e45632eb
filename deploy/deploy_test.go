// Package deploy_test compares the rules for Prometheus and the dashboard for Grafana with the
// metrics that the service exports, and runs what makes block lists by a timer.
package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/internal/modelfile"
	"github.com/snowman-ml/snowman/models"
	"github.com/snowman-ml/snowman/web"
)

var (
	metric   = regexp.MustCompile(`\b(?:snowman|go|process)_[a-z0-9_]+|\bsnowman:[a-z0-9_:]+`)
	record   = regexp.MustCompile(`- record: (\S+)`)
	selector = regexp.MustCompile(`([a-z_:0-9]+)\{([^}]*)\}`)
	label    = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// exported returns the labels of every metric that a service exports after some requests.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	service := web.New(web.Options{Model: withReference(t)})
	service.CountReload("model", nil)
	service.CountReload("allow", errors.New("no list"))
	server := httptest.NewServer(service)
	defer server.Close()
	for _, query := range []string{"?url=github.com", "?url=bad:host", ""} {
		response, err := http.Post(server.URL+"/model"+query, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	response, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	metrics := make(map[string][]string)
	for line := range strings.Lines(string(page)) {
		name := line[:strings.IndexAny(line, " {")]
		if name == "#" {
			continue
		}
		labels := []string{"job", "instance"} // which Prometheus adds
		for _, found := range label.FindAllStringSubmatch(line, -1) {
			labels = append(labels, found[1])
		}
		metrics[name] = labels
	}
	return metrics
}

// withReference returns the shipped model with a reference, which parts of the scores come from.
func withReference(t *testing.T) *snowman.Model {
	t.Helper()
	file, err := modelfile.ParseModel(models.Default)
	if err != nil {
		t.Fatal(err)
	}
	file.Metadata.Reference = &modelfile.Reference{}
	file.Metadata.Reference.Names.Add("name.com", .1)
	var written bytes.Buffer
	if err := file.Write(&written); err != nil {
		t.Fatal(err)
	}
	model, err := snowman.Parse(written.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func TestRulesAndDashboardUseMetricsThatTheServiceExports(t *testing.T) {
	metrics := exported(t)
	rules := read(t, "prometheus/rules.yaml")
	for _, found := range record.FindAllStringSubmatch(rules, -1) {
		metrics[found[1]] = []string{"job", "route", "code", "texts", "part"} // as far as a rule keeps them
	}
	for name, text := range map[string]string{
		"rules.yaml": rules, "rules_test.yaml": read(t, "prometheus/rules_test.yaml"), "rules_drift_test.yaml": read(t, "prometheus/rules_drift_test.yaml"),
		"snowman.json": strings.ReplaceAll(read(t, "grafana/snowman.json"), `\"`, `"`),
	} {
		used := metric.FindAllString(text, -1)
		if len(used) < 5 {
			t.Errorf("%s uses only %q: are metrics found at all?", name, used)
		}
		for _, m := range used {
			if _, known := metrics[m]; !known {
				t.Errorf("%s uses %q, which the service does not export", name, m)
			}
		}
		for _, found := range selector.FindAllStringSubmatch(text, -1) {
			known := metrics[found[1]]
			for _, l := range label.FindAllStringSubmatch(found[2], -1) {
				if known != nil && !slices.Contains(known, l[1]) {
					t.Errorf("%s selects by the label %q of %q, which has %q", name, l[1], found[1], known)
				}
			}
		}
	}
}

func TestDashboardIsWhole(t *testing.T) {
	type place struct{ X, Y, W, H int }
	var dashboard struct {
		UID, Title string
		Templating struct {
			List []struct{ Name, Type string }
		}
		Panels []struct {
			ID                       int
			Type, Title, Description string
			Datasource               struct{ UID string }
			GridPos                  place
			FieldConfig              struct{ Defaults struct{ Unit string } }
			Targets                  []struct {
				RefID, Expr string
				Datasource  struct{ UID string }
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana/snowman.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	if dashboard.UID == "" || dashboard.Title == "" || len(dashboard.Panels) == 0 {
		t.Errorf("the dashboard has uid %q, title %q, %d panels", dashboard.UID, dashboard.Title, len(dashboard.Panels))
	}
	if first := dashboard.Templating.List[0]; first.Name != "datasource" || first.Type != "datasource" {
		t.Errorf("the first variable is %+v, want the datasource", first)
	}
	for i, p := range dashboard.Panels {
		if p.ID != i+1 || p.Title == "" || p.GridPos.W <= 0 || p.GridPos.H <= 0 || p.GridPos.X < 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d: %+v", i+1, p)
		}
		for _, other := range dashboard.Panels[:i] {
			a, b := p.GridPos, other.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%q lies on %q", p.Title, other.Title)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %q: %+v", p.Title, p)
		}
		for _, target := range p.Targets {
			if target.RefID == "" || target.Expr == "" || target.Datasource.UID != "${datasource}" {
				t.Errorf("panel %q: %+v", p.Title, target)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
