package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// server is the real program, serving.
type server struct {
	*exec.Cmd
	address  string
	profiles string         // the line that names their address
	log      *bufio.Scanner // what follows the line that names the address
}

var profiles = regexp.MustCompile(`"level":"INFO","msg":"serving profiles","address":"(\S+)"`)

var listening = regexp.MustCompile(`"level":"INFO","msg":"listening","address":"(\S+)"`)

// serveProgram starts the program and waits until it listens.
func serveProgram(t *testing.T, environment []string, args ...string) *server {
	t.Helper()
	s := &server{Cmd: command(t, append([]string{"serve", "-model", toyPath}, args...)...)}
	s.Env = append(withoutPort(), environment...)
	stdout, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.ProcessState == nil {
			s.Process.Kill()
			s.Wait()
		}
	})
	s.log = bufio.NewScanner(stdout)
	var match []string
	for match == nil { // other lines come first
		line := s.logLine(t)
		if profiles.MatchString(line) {
			s.profiles = line
		}
		match = listening.FindStringSubmatch(line)
	}
	s.address = match[1]
	return s
}

func (s *server) logLine(t *testing.T) string {
	t.Helper()
	if !s.log.Scan() {
		t.Fatalf("the log ends: %v", s.log.Err())
	}
	return s.log.Text()
}

func withoutPort() []string {
	var environment []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PORT=") {
			environment = append(environment, variable)
		}
	}
	return environment
}

func TestServeAnswersAsTheOriginalDid(t *testing.T) {
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0")
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		request, err := http.NewRequest(method, "http://"+s.address+"/model", strings.NewReader("url=zis32msdi3.com"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		const want = `{"input query": "zis32msdi3.com", "score": "0.95266"}` + "\n"
		if err != nil || response.StatusCode != http.StatusOK || string(body) != want {
			t.Errorf("%s /model: %s, %q (%v), want 200 OK, %q", method, response.Status, body, err, want)
		}
	}
}

func TestServeListensOnThePortOfTheEnvironment(t *testing.T) {
	// Port 0 stands for any that is free, so it is not the default.
	s := serveProgram(t, []string{"PORT=0"})
	_, port, err := net.SplitHostPort(s.address)
	if err != nil || port == "0" || port == "5000" {
		t.Errorf("with PORT=0 it listens on %q (%v), want a port that was free", s.address, err)
	}
	if response, err := http.Get("http://localhost:" + port + "/healthz"); err != nil {
		t.Error(err)
	} else if response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Errorf("GET /healthz: %s", response.Status)
	}
}

func TestServeListensOnPort5000WithoutOne(t *testing.T) {
	for _, environment := range [][]string{nil, {"PORT="}} {
		// The port is named, even if another program has it.
		program := command(t, "serve", "-model", toyPath)
		program.Env = append(withoutPort(), environment...)
		output, writer := io.Pipe()
		program.Stdout, program.Stderr = writer, writer
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(output)
		line, _ := lines.ReadString('\n')
		if !strings.Contains(line, `"msg":"snowman","version":"`) {
			t.Errorf("the log begins with %q, want the program's version", line)
		}
		for strings.Contains(line, `"msg":"snowman"`) || strings.Contains(line, `"msg":"model"`) {
			line, _ = lines.ReadString('\n')
		}
		output.Close()
		program.Process.Kill()
		program.Wait()
		if !regexp.MustCompile(`"msg":"listening","address":"\S*:5000"}\n$|^snowman: listening on ":5000": `).MatchString(line) {
			t.Errorf("with the environment %q it says %q, want port 5000", environment, line)
		}
	}
}

func TestServeSaysThatItsPortIsTaken(t *testing.T) {
	first := serveProgram(t, nil, "-listen", "127.0.0.1:0")
	second := command(t, "serve", "-model", toyPath, "-listen", first.address)
	var output bytes.Buffer
	second.Stderr = &output
	second.Run()
	if code := second.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code is %d, want %d", code, exitFailed)
	}
	want := fmt.Sprintf("snowman: listening on %q: ", first.address)
	if got := output.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("it says %q, want one line that starts with %q", got, want)
	}
}

func TestServeOnLoopbackAnswersForNoOtherHost(t *testing.T) {
	for _, test := range []struct {
		args   []string
		host   string
		status int
	}{
		{nil, "localhost", http.StatusOK},
		{nil, "snowman.example", http.StatusMisdirectedRequest},
		{[]string{"-host", "a.example", "-host", "snowman.example"}, "snowman.example:443", http.StatusOK},
		{[]string{"-host", "a.example"}, "snowman.example", http.StatusMisdirectedRequest},
	} {
		s := serveProgram(t, nil, append(test.args, "-listen", "127.0.0.1:0", "-access-log=false")...)
		connection, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, connection, "GET /v1/model HTTP/1.1\r\nHost: "+test.host+"\r\n\r\n", test.status)
		connection.Close()
	}
}

// A request is under way when the signal comes: the server has asked for its body.
func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal ends a process cleanly here")
	}
	s := serveProgram(t, nil, "-listen", "127.0.0.1:0", "-access-log=false")
	idle, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	exchange(t, idle, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", http.StatusOK)

	connection, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	const body = "url=q.com"
	fmt.Fprintf(connection, "PUT /model HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	reader := bufio.NewReader(connection)
	if line, err := reader.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("the server says %q (%v), want it to ask for the body", line, err)
	}
	if line, err := reader.ReadString('\n'); err != nil || line != "\r\n" {
		t.Fatalf("the server says %q (%v), want an empty line", line, err)
	}

	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if line := s.logLine(t); !strings.Contains(line, `"msg":"shutting down"`) {
		t.Errorf("the log says %q, want that it shuts down", line)
	}
	// The idle connection is closed, so the server waits for no more than the request.
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("reading from the idle connection: %v, want EOF", err)
	}
	io.WriteString(connection, body)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	if want := `{"input query": "q.com", "score": "0.28801"}` + "\n"; err != nil || string(answer) != want {
		t.Errorf("the answer is %q (%v), want %q", answer, err, want)
	}
	if connection, err := net.Dial("tcp", s.address); err == nil {
		connection.Close()
		t.Error("it takes new connections")
	}
	for s.log.Scan() {
		t.Errorf("the log says %q, want nothing more", s.log.Text())
	}
	if err := s.Wait(); err != nil {
		t.Errorf("it ends with %v, want exit code 0", err)
	}
}

// exchange sends a request, for which it expects this status.
func exchange(t *testing.T, connection net.Conn, request string, status int) {
	t.Helper()
	if _, err := io.WriteString(connection, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, response.Body)
	if response.StatusCode != status {
		t.Fatalf("%s, want status %d", response.Status, status)
	}
}
