package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/snowman-ml/snowman/web"
)

var update = flag.Bool("update", false, "write into the page what its commands print, and the programs")

const (
	page = "../clients.md"
	key  = "0123456789abcdef"

	githubIsBenign = "\tnone\tbenign\t\"github.com\"" // as the programs print it, behind the score
)

// TestThePageIsReal runs the page's commands against the service. The page must show what they
// print, and the programs as they are.
func TestThePageIsReal(t *testing.T) {
	folder := folderWithClients(t)
	open := httptest.NewServer(web.New(web.Options{}))
	defer open.Close()
	locked := httptest.NewServer(serviceWithKey(t))
	defer locked.Close()

	before, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	printed, known := "", true // by the last commands
	after := regexp.MustCompile("(?s)```(\\w+)\n(.*?)```").ReplaceAllStringFunc(string(before), func(block string) string {
		language, shown, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(block, "```"), "```"), "\n")
		want := shown
		switch language {
		case "sh":
			printed, known = "", false
			t.Run(strings.Fields(shown)[0], func(t *testing.T) {
				server := open
				if strings.Contains(shown, "$SNOWMAN_KEY") || strings.Contains(shown, "client.") {
					server = locked
				}
				printed, known = commands(t, folder, server.URL, shown), true
			})
		case "text":
			if known {
				want = printed
			}
		case "python":
			want = read(t, "client.py")
		case "go":
			want = read(t, "client.go")
		default:
			t.Errorf("the page has a block of %q, which nothing holds to be real", language)
		}
		if want != shown && !*update {
			t.Errorf("the page shows\n%s\nwhich is\n%s\n(go test ./docs/clients -update writes it)", shown, want)
		}
		return "```" + language + "\n" + want + "```"
	})
	if *update {
		if err := os.WriteFile(page, []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// programs are the ways to run the clients.
var programs = []string{"python3 client.py", "go run client.go"}

func TestProgramsWaitWhenTheServiceIsBusy(t *testing.T) {
	folder, service := folderWithClients(t), serviceWithKey(t)
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			var requests atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) == 1 {
					w.Header().Set("Retry-After", "0")
					http.Error(w, `{"error": "too much is under way"}`, http.StatusTooManyRequests)
					return
				}
				service.ServeHTTP(w, r)
			}))
			defer server.Close()
			got := commands(t, folder, server.URL, program+" github.com")
			if !strings.HasSuffix(got, githubIsBenign+"\n") || requests.Load() != 2 {
				t.Errorf("printed %q after %d requests, want %q after 2", got, requests.Load(), githubIsBenign)
			}
		})
	}
}

func TestProgramsTakeAnyNumberOfLines(t *testing.T) {
	folder := folderWithClients(t)
	server := httptest.NewServer(serviceWithKey(t))
	defer server.Close()
	var lines bytes.Buffer
	const many = 25_000
	for i := range many {
		fmt.Fprintf(&lines, "%d.example.com\n", i)
	}
	fmt.Fprintf(&lines, "%s\r\n\"q\x1b\r\xff\n\ngithub.com", strings.Repeat("a", 100_000))
	if err := os.WriteFile(filepath.Join(folder, "many.txt"), lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			printed := strings.Split(commands(t, folder, server.URL, program+" < many.txt"), "\n")
			if len(printed) != many+5 || !strings.HasSuffix(printed[many+3], githubIsBenign) {
				t.Fatalf("%d lines, the last ones %.300q", len(printed), printed[max(0, len(printed)-5):])
			}
			for i, line := range printed[:many] {
				if text := fmt.Sprintf("\t\"%d.example.com\"", i); !strings.HasSuffix(line, text) {
					t.Fatalf("line %d is %q, want one that ends in %q", i, line, text)
				}
			}
			if !strings.HasPrefix(printed[many], "-\t-\t") || !strings.Contains(printed[many], "longer than 65536") {
				t.Errorf("of a text that is too long: %.100q", printed[many])
			}
		})
	}
}

func TestProgramsFailWithTheReason(t *testing.T) {
	folder := folderWithClients(t)
	server := httptest.NewServer(serviceWithKey(t))
	defer server.Close()
	for _, program := range append(programs, programs[0]+" github.com", programs[1]+" github.com") {
		t.Run(program, func(t *testing.T) {
			got := commands(t, folder, server.URL, "echo github.com | SNOWMAN_KEY=wrong "+program+" 2>&1 || echo failed")
			if !strings.Contains(got, "401") || !strings.Contains(got, "API key") || !strings.HasSuffix(got, "failed\n") {
				t.Errorf("printed %q, want that the key is wrong", got)
			}
		})
	}
}

// commands runs commands in a shell and returns what they print. For localhost:5000 they ask the
// service at the address.
func commands(t *testing.T, folder, address, commands string) string {
	t.Helper()
	for _, tool := range []struct{ name, check string }{
		{"sh", "true"},
		{"curl", "curl --fail-with-body --version"},
		{"jq", "jq --version"},
		{"python3", "python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))'"},
		{"go", "go version"},
	} {
		if tool.name != "sh" && !strings.Contains(commands, tool.name+" ") {
			continue
		}
		if err := exec.Command("sh", "-c", tool.check).Run(); err != nil {
			t.Skipf("no %s that is new enough: %s: %v", tool.name, tool.check, err)
		}
	}
	shell := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(commands, "localhost:5000", strings.TrimPrefix(address, "http://")))
	shell.Dir = folder
	shell.Env = append(os.Environ(), "SNOWMAN_ADDRESS="+address, "SNOWMAN_KEY="+key, "no_proxy=*", "GOWORK=off", "GOFLAGS=")
	var stdout, stderr bytes.Buffer
	shell.Stdout, shell.Stderr = &stdout, &stderr
	if err := shell.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", commands, err, &stdout, &stderr)
	}
	return stdout.String()
}

// folderWithClients returns a new folder with the programs in it.
func folderWithClients(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"client.py", "client.go"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(read(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// serviceWithKey returns a service that asks for the key.
func serviceWithKey(t *testing.T) *web.Service {
	t.Helper()
	keys, err := web.ReadKeys(strings.NewReader(fmt.Sprintf("client %x\n", sha256.Sum256([]byte(key)))))
	if err != nil {
		t.Fatal(err)
	}
	return web.New(web.Options{Keys: keys})
}
