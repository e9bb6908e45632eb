package web

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/allow"
)

const mispUUID = "5f6a1b2c-0000-4000-8000-000000000001"

func TestMISPModules(t *testing.T) {
	server := httptest.NewServer(New(Options{Model: openToy(t), Version: "v1.2.3"}))
	defer server.Close()
	response, got := answerOf(t, "GET", server.URL+"/modules", "", nil)
	const want = `[{"name":"snowman","type":"expansion","mispattributes":{"input":["domain","hostname","domain|ip","hostname|port","url","uri","email","email-src","email-reply-to"],"format":"misp_standard"},` +
		`"meta":{"version":"v1.2.3","author":"Snowman","description":"How likely a name or URL is to be malicious, from its characters alone. Nothing is looked up or sent to anybody.","module-type":["expansion","hover"],"name":"Snowman","config":[]}}]` + "\n"
	if got != want || response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s, %s, want %s", response.Status, got, want)
	}
}

// mispService returns a service with a list that allows q.org.
func mispService(t testing.TB) *Service {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte("q.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, _, err := allow.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Model: openToy(t), Allow: list})
}

func TestMISPQuery(t *testing.T) {
	server := httptest.NewServer(mispService(t))
	defer server.Close()
	simple := func(text string) string {
		return `{"results":[{"types":["text"],"categories":["External analysis"],"values":["Snowman: ` + text + ` (score: 0 to 1)"],"comment":"from the characters of the name alone"}]}`
	}
	for _, test := range []struct{ name, body, want string }{
		{"an attribute gets an object that refers to it",
			`{"module":"snowman","attribute":{"type":"domain","value":"z.com","uuid":"` + mispUUID + `","category":"Network activity","to_ids":true,"Tag":[{"name":"a"}],"event_id":1},"config":{},"event_id":"7","timeout":10}`,
			`{"results":{"Attribute":[{"uuid":"5f6a1b2c-0000-4000-8000-000000000001","type":"domain","value":"z.com","category":"Network activity","to_ids":true}],` +
				`"Object":[{"name":"reputation","meta-category":"misc","template_uuid":"0a606d84-87ea-4a92-9bdb-528f899ff531","template_version":"1","uuid":"OBJECT","comment":"from the characters of the name alone",` +
				`"ObjectReference":[{"uuid":"REFERENCE","object_uuid":"OBJECT","referenced_uuid":"5f6a1b2c-0000-4000-8000-000000000001","relationship_type":"related-to"}],` +
				`"Attribute":[{"uuid":"A","object_relation":"classification","type":"text","value":"malicious","category":"Other","to_ids":false,"disable_correlation":true},` +
				`{"uuid":"B","object_relation":"score","type":"float","value":0.95266,"category":"Other","to_ids":false,"disable_correlation":true},` +
				`{"uuid":"C","object_relation":"source","type":"text","value":"Snowman","category":"Other","to_ids":false,"disable_correlation":true},` +
				`{"uuid":"D","object_relation":"text","type":"text","value":"level high, kind malware (score: 0 to 1)","category":"Other","to_ids":false,"disable_correlation":true}]}]}}`},
		{"as older versions ask", `{"module":"snowman","domain":"z.com","event_id":"7"}`, simple("score 0.95266, level high, kind malware")},
		{"what is before the bar counts", `{"module":"snowman","domain|ip":"q.com|192.0.2.1"}`, simple("score 0.28801, level low, kind dga")},
		{"a host with a port", `{"module":"snowman","hostname|port":"q.com|443"}`, simple("score 0.28801, level low, kind dga")},
		{"of an address of mail the domain", `{"module":"snowman","email-src":"me@q.com"}`, simple("score 0.28801, level low, kind dga")},
		{"a host that looks like another", `{"module":"snowman","url":"http://pаypal.com/"}`, simple("score 0.62761, level medium, kind phishing, imitates paypal.com, mixes scripts")},
		{"an allowed name", `{"module":"snowman","hostname":"q.org"}`, simple("score 0.28801, level none, allowed by q.org")},
		{"no public name", `{"module":"snowman","hostname":"q.local"}`, simple("score 0.28801, level none, not public: local suffix")},
		{"an attribute that is null counts as missing", `{"module":"snowman","attribute":null,"domain":"q.com"}`, simple("score 0.28801, level low, kind dga")},

		{"another module", `{"module":"dns","domain":"q.com"}`, `{"error": "there is no module \"dns\", only snowman"}`},
		{"no module", `{"domain":"q.com"}`, `{"error": "there is no module \"\", only snowman"}`},
		{"another type", `{"module":"snowman","attribute":{"type":"ip-dst","value":"192.0.2.1","uuid":"` + mispUUID + `"}}`,
			`{"error": "an attribute of type \"ip-dst\" is not taken, only domain, hostname, domain|ip, hostname|port, url, uri, email, email-src, email-reply-to"}`},
		{"another type, of older versions", `{"module":"snowman","ip-dst":"192.0.2.1"}`,
			`{"error": "there is no attribute of a type that the module takes: domain, hostname, domain|ip, hostname|port, url, uri, email, email-src, email-reply-to"}`},
		{"no value", `{"module":"snowman","attribute":{"type":"domain"}}`, `{"error": "the attribute has no value"}`},
		{"an empty value", `{"module":"snowman","domain":""}`, `{"error": "no host in \"\""}`},
		{"a value that is no text", `{"module":"snowman","domain":["q.com"]}`, `{"error": "reading the request as JSON: domain is an array, want a string"}`},
		{"an attribute that is no object", `{"module":"snowman","attribute":"q.com"}`, `{"error": "reading the request as JSON: attribute is a string, want an object"}`},
		{"a value that is no name", `{"module":"snowman","url":"q.com<script>\u202e\u0000"}`, `{"error": "'<' stands in the host: the text looks like binary data"}`},
		{"half of a surrogate pair", `{"module":"snowman","domain":"\ud800.com"}`,
			`{"error": "reading the request as JSON: a text must be Unicode, and half of a surrogate pair (\\ud800 to \\udfff) is no character"}`},
		{"a member twice", `{"module":"snowman","domain":"q.com","domain":"z.com"}`, `{"error": "reading the request as JSON: the member \"domain\" stands twice"}`},
		{"no JSON", `module=snowman`, `{"error": "reading the request as JSON: invalid character 'm' looking for beginning of value"}`},
		{"no object", `[]`, `{"error": "reading the request as JSON: the request is an array, want {\"module\": \"snowman\", \"attribute\": {\"type\": \"domain\", \"value\": \"example.com\", \"uuid\": \"...\"}}"}`},
		{"nothing", ``, `{"error": "reading the request as JSON: unexpected end of JSON input"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, got := answerOf(t, "POST", server.URL+"/query", "application/json", strings.NewReader(test.body))
			if want := mispIDs.Replace(test.want) + "\n"; response.StatusCode != 200 || got != want {
				t.Errorf("%s, %s, want %s", response.Status, got, want)
			}
		})
	}
}

// mispIDs are those of what is said of z.com, an attribute with mispUUID.
var mispIDs = strings.NewReplacer(
	`"OBJECT"`, `"492c3114-1fed-5a7c-8d34-3b74b915eaa0"`,
	`"REFERENCE"`, `"cf592fcd-e8cd-5260-9df8-f2b883acf469"`,
	`"A"`, `"078f7b7a-6d54-5851-9e1b-8a81ccea5c5e"`,
	`"B"`, `"ba78a3c3-d009-5ff1-a104-691783bf10b2"`,
	`"C"`, `"2bca8b6d-e70a-5c87-b3c8-54b1ae12e536"`,
	`"D"`, `"99b0cc09-0a2b-5be1-89c4-d7ef7826cfa4"`,
)

// Two verdicts are two objects; one that comes again is the same.
func TestMISPIdentifiersFollowTheVerdict(t *testing.T) {
	server := httptest.NewServer(mispService(t))
	defer server.Close()
	object := func(value, uuid string) string {
		body := must(json.Marshal(map[string]any{"module": "snowman", "attribute": map[string]string{"type": "url", "value": value, "uuid": uuid}}))
		_, got := answerOf(t, "POST", server.URL+"/query", "application/json", strings.NewReader(string(body)))
		var answer struct {
			Results struct {
				Attribute []struct{ Value string }
				Object    []struct {
					UUID            string
					ObjectReference []any
				}
			}
		}
		if err := json.Unmarshal([]byte(got), &answer); err != nil || len(answer.Results.Object) != 1 {
			t.Fatalf("%q of %q: %s (%v)", value, uuid, got, err)
		}
		result := answer.Results
		if hasUUID := uuid == mispUUID; len(result.Object[0].ObjectReference) == 1 != hasUUID || len(result.Attribute) == 1 != hasUUID {
			t.Errorf("%q: a reference is there, or missing: %s", uuid, got)
		}
		if len(result.Attribute) == 1 && result.Attribute[0].Value != value {
			t.Errorf("the attribute has the value %q, want %q", result.Attribute[0].Value, value)
		}
		return result.Object[0].UUID
	}
	first := object("http://q.com/\"\n\u2028'</script>", mispUUID)
	for _, other := range []struct{ value, uuid string }{
		{"q.com", mispUUID}, {"z.com", mispUUID}, {"q.com", ""}, {"q.com", mispUUID[1:] + "0g"},
		{"q.com", strings.Repeat("0", 36)}, {"q.com", strings.Repeat("-", 36)}, {"q.com", "<b>"},
	} {
		if id := object(other.value, other.uuid); id == first || id != object(other.value, other.uuid) {
			t.Errorf("%q: %s, twice; %s is that of another value", other, id, first)
		}
	}
}

func TestMISPQueryOfALongValue(t *testing.T) {
	server := newServer(t)
	long := strings.Repeat("a", maxScoreBody-100)
	for _, test := range []struct {
		body   string
		status int
		start  string
	}{
		{`{"module":"snowman","domain":"` + long + `"}`, 200, `{"error": "`},
		{`{"module":"snowman","url":"q.com/` + long + `"}`, 200, `{"results":[{"types":["text"]`},
		{`{"module":"snowman","attribute":{"type":"url","value":"q.com/` + long[:1<<20] + `","uuid":"` + mispUUID + `"}}`, 200, `{"results":{"Attribute":[{"uuid":"`},
		{`{"module":"snowman","url":"q.com/` + long + long + `"}`, 413, `{"error": "the request body is larger than `},
	} {
		response, got := answerOf(t, "POST", server.URL+"/query", "application/json", strings.NewReader(test.body))
		if response.StatusCode != test.status || !strings.HasPrefix(got, test.start) {
			t.Errorf("%.40s...: %s, %.200s, want %d, %s", test.body, response.Status, got, test.status, test.start)
		}
	}
}
