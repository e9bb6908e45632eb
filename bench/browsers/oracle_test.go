package browsers_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"
)

// An answer is what a URL parser makes of a text: nil if it refuses the text.
type answer *[2]string

const (
	href     = 0
	hostname = 1
)

// An oracle is a URL parser that is not ours.
type oracle struct {
	name string
	ask  func(texts []string) ([]answer, error)
}

var (
	//go:embed testdata/read.js
	readScript string
	//go:embed testdata/node.js
	nodeScript string
	//go:embed testdata/chromium.js
	chromiumScript string
)

// patience is how long a program may take to start, or to read one chunk of texts.
const patience = 2 * time.Minute

// chunk is how many texts an oracle reads at once.
const chunk = 20_000

// answers asks an oracle, a chunk at a time.
func (o oracle) answers(t *testing.T, texts []string) []answer {
	t.Helper()
	all := make([]answer, 0, len(texts))
	for start := 0; start < len(texts); start += chunk {
		asked := texts[start:min(start+chunk, len(texts))]
		got, err := o.ask(asked)
		if err != nil {
			t.Fatalf("asking %s: %v", o.name, err)
		}
		if len(got) != len(asked) {
			t.Fatalf("%s answered %d of %d texts", o.name, len(got), len(asked))
		}
		all = append(all, got...)
	}
	return all
}

// oracles starts those that are there, and says which are not.
func oracles(t *testing.T) []oracle {
	t.Helper()
	var found []oracle
	for _, start := range []func(*testing.T) (oracle, error){startChromium, startNode} {
		o, err := start(t)
		if err != nil {
			t.Logf("NOT TESTED: the canonical form against %s: %v", o.name, err)
			continue
		}
		found = append(found, o)
	}
	if len(found) == 0 {
		t.Skip("NOT TESTED: there is neither Chromium nor Node")
	}
	return found
}

// startNode starts Node, whose URL parser (Ada) has tables of its own.
func startNode(t *testing.T) (oracle, error) {
	o := oracle{name: "Node"}
	program, err := exec.LookPath("node")
	if err != nil {
		return o, err
	}
	command := exec.CommandContext(t.Context(), program, "-e", readScript+nodeScript)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return o, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return o, err
	}
	if err := command.Start(); err != nil {
		return o, err
	}
	t.Cleanup(func() {
		in.Close()
		command.Wait()
	})
	lines := bufio.NewReader(out)
	o.ask = func(texts []string) (got []answer, err error) {
		asked, err := json.Marshal(texts)
		if err != nil {
			return nil, err
		}
		written := make(chan error, 1)
		go func() {
			_, err := in.Write(append(asked, '\n'))
			written <- err
		}()
		line, err := lines.ReadBytes('\n')
		if err = errors.Join(err, <-written); err != nil {
			return nil, err
		}
		return got, json.Unmarshal(line, &got)
	}
	return o, nil
}

// startChromium starts the browser that CHROMIUM names, by default /usr/bin/chromium, without a
// window, at a page that fetches texts from loopback and posts its answers there.
func startChromium(t *testing.T) (oracle, error) {
	o := oracle{name: "Chromium"}
	program, err := exec.LookPath(cmp.Or(os.Getenv("CHROMIUM"), "/usr/bin/chromium"))
	if err != nil {
		return o, err
	}
	texts, answers := make(chan []string), make(chan []byte)
	asked := make(chan struct{}, 1) // the page is there
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<!doctype html><meta charset=utf-8><script>%s%s</script>", readScript, chromiumScript)
	})
	mux.HandleFunc("POST /texts", func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		select {
		case chunk := <-texts:
			json.NewEncoder(w).Encode(chunk)
		case <-t.Context().Done():
			http.Error(w, "no more texts", http.StatusGone)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /answers", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		select {
		case answers <- body:
		case <-t.Context().Done():
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	profile, err := os.MkdirTemp("", "snowman-chromium-")
	if err != nil {
		return o, err
	}
	t.Cleanup(func() { os.RemoveAll(profile) })
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--user-data-dir="+profile, server.URL)
	// A browser that is asked to end takes its other processes with it.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Start(); err != nil {
		stop()
		return o, err
	}
	ended := make(chan struct{})
	go func() {
		command.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	gone := func() error { return fmt.Errorf("%s ended: %s", program, bytes.TrimSpace(said.Bytes())) }
	select {
	case <-asked:
	case <-ended:
		return o, gone()
	case <-time.After(patience):
		return o, fmt.Errorf("%s shows no page after %v", program, patience)
	}
	o.ask = func(chunk []string) (got []answer, err error) {
		late := time.After(patience)
		for sent := false; ; {
			to := texts
			if sent {
				to = nil
			}
			select {
			case to <- chunk:
				sent = true
			case body := <-answers:
				return got, json.Unmarshal(body, &got)
			case <-ended:
				return nil, gone()
			case <-late:
				return nil, fmt.Errorf("no answer after %v", patience)
			}
		}
	}
	return o, nil
}
