package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// listed is the name that the logs below ask for.
const listed = "paypal-login-secure.com"

// questions has a line of each program's log, in which somebody asks for NAME.
var questions = map[string]string{
	"unbound":  `Nov 28 16:00:00 host unbound[812]: [812:0] reply: 127.0.0.1 NAME. A IN NOERROR 0.000000 1 89`,
	"bind":     `2026-11-28T00:55:51.763Z queries: info: client @0x7f1 127.0.0.1#40212 (NAME): query: NAME IN A +E(0)K (127.0.0.1)`,
	"recursor": `Nov 28 16:00:00 host pdns_recursor[812]: msg="Question" subsystem="syncres" qname="NAME" qtype="A" remote="127.0.0.1:1"`,
	"dnsdist":  `Packet from 127.0.0.1:46283 for NAME. A with id 44534`,
	"pihole":   `Nov 28 16:00:00 dnsmasq[812]: query[A] NAME from 127.0.0.1`,
	"adguard":  `{"T":"2026-11-28T01:00:00Z","QH":"NAME","QT":"A","QC":"IN","CP":"","IP":"127.0.0.1","Result":{}}`,
	"squid":    `1795883645.223      7 127.0.0.1 TCP_MISS/502 3419 GET http://NAME/ - HIER_NONE/- text/html`,
	"suricata": `{"event_type":"tls","src_ip":"127.0.0.1","tls":{"sni":"NAME"}}`,
	"zeek":     "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\tqtype\n#types\ttime\taddr\tstring\tcount\n1795883645.2\t127.0.0.1\tNAME\t1",
	"opnsense": `<30>1 2026-11-28T01:00:00+00:00 OPNsense.lan unbound 812 - [meta sequenceId="1"] [812:0] info: 10.0.0.1 NAME. A IN NOERROR 0.0 0 50`,
	"pfsense":  `Nov 28 01:00:00 pfSense unbound[812]: [812:0] info: 10.0.0.1 NAME. A IN NOERROR 0.000000 0 50`,
}

func TestLists(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the lists are for Unix")
	}
	program := filepath.Join(t.TempDir(), "snowman")
	run(t, true, "go", "build", "-o", program, "../cmd/snowman")
	t.Run("are made and put in their places", func(t *testing.T) { listsAreMadeAndPut(t, program) })
	t.Run("are not put where links lead", listsAreNotPutWhereLinksLead)
	t.Run("are put back where nothing was loaded before", whatWasThereComesBack)
	t.Run("have a page with commands that exist", func(t *testing.T) { commandsExist(t, program) })
}

// listsAreMadeAndPut runs what the timer runs, with the file of each program.
func listsAreMadeAndPut(t *testing.T, program string) {
	files, err := filepath.Glob("lists/*.env")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(questions) {
		t.Errorf("%d files %q, but %d logs", len(files), files, len(questions))
	}
	page := read(t, "lists/README.md")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".env")
		t.Run(name, func(t *testing.T) {
			question, known := questions[name]
			if !known {
				t.Fatal("there is no line of its log here")
			}
			set := variables(t, file)
			for _, variable := range []string{"LIST", "PLACE", "LOAD"} {
				if set[variable] == "" {
					t.Errorf("%s does not set %s", file, variable)
				}
			}
			if !strings.Contains(page, "`"+name+"`") {
				t.Error("the page does not say the name")
			}
			folder := t.TempDir()
			log, allow, list := filepath.Join(folder, "log"), filepath.Join(folder, "allow.txt"), filepath.Join(folder, "list")
			place := filepath.Join(folder, filepath.Base(set["PLACE"]))
			write(t, log, strings.ReplaceAll(question, "NAME", listed)+"\n")
			write(t, allow, "")
			flags := strings.Fields(set["LIST"])
			for flag, path := range map[string]string{"-f": log, "-allow": allow} {
				at := slices.Index(flags, flag)
				if at < 0 {
					t.Fatalf("%s: LIST has no %s", file, flag)
				}
				flags[at+1] = path
			}
			flags = append([]string{"list", "-state", list + ".state", "-o", list}, flags...)

			run(t, true, program, flags...)
			run(t, true, "sh", "lists/snowman-load", list, place, "true")
			first := read(t, place)
			if !strings.Contains(first, listed) && !strings.Contains(first, "cGF5cGFsLWxvZ2luLXNlY3VyZS5jb20=") {
				t.Errorf("the list has no %s:\n%s", listed, first)
			}
			// The command that fails is not run, since nothing changed.
			run(t, true, program, flags...)
			run(t, true, "sh", "lists/snowman-load", list, place, "false")

			write(t, allow, listed+"\n")
			run(t, true, program, flags...)
			run(t, false, "sh", "lists/snowman-load", list, place, "false")
			if again := read(t, place); again != first {
				t.Errorf("after a list that could not be loaded the place has\n%s\nwant\n%s", again, first)
			}
			run(t, true, "sh", "lists/snowman-load", list, place, "true")
			if allowed := read(t, place); strings.Contains(allowed, listed) || allowed == first {
				t.Errorf("with %s allowed the list is\n%s", listed, allowed)
			}
		})
	}
}

// listsAreNotPutWhereLinksLead has the owner of the place's folder plant links to another's file.
func listsAreNotPutWhereLinksLead(t *testing.T) {
	for _, name := range []string{"place", "place.new", "place.old", "place.loaded", "list.new"} {
		own, theirs := t.TempDir(), t.TempDir()
		secret, list, place := filepath.Join(t.TempDir(), "secret"), filepath.Join(own, "list"), filepath.Join(theirs, "place")
		write(t, secret, "secret")
		if err := os.Chmod(secret, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(secret, filepath.Join(theirs, name)); err != nil {
			t.Fatal(err)
		}
		write(t, list, "first")
		run(t, true, "sh", "lists/snowman-load", list, place, "true")
		write(t, list, "second")
		run(t, false, "sh", "lists/snowman-load", list, place, "false")
		if got := read(t, place); got != "first" {
			t.Errorf("%s is a link: the place has %q", name, got)
		}
		info, err := os.Stat(secret)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, secret); got != "secret" || info.Mode() != 0o600 {
			t.Errorf("%s is a link: the file that it leads to has %q, %v", name, got, info.Mode())
		}
		for _, folder := range []string{own, theirs} {
			entries, _ := os.ReadDir(folder)
			for _, entry := range entries {
				if path := filepath.Join(folder, entry.Name()); entry.Type().IsRegular() && read(t, path) == "secret" {
					t.Errorf("%s is a link: %s has what stands in the file that it leads to", name, path)
				}
			}
		}
	}
	// A folder in the place, or a link to one, gets no list.
	own, theirs, other := t.TempDir(), t.TempDir(), t.TempDir()
	list, place := filepath.Join(own, "list"), filepath.Join(theirs, "place")
	write(t, list, "first")
	write(t, list+".loaded", "zeroth")
	if err := os.Symlink(other, place); err != nil {
		t.Fatal(err)
	}
	run(t, true, "sh", "lists/snowman-load", list, place, "true")
	if entries, _ := os.ReadDir(other); len(entries) > 0 || read(t, place) != "first" {
		t.Errorf("the folder has %v", entries)
	}
}

func whatWasThereComesBack(t *testing.T) {
	list, place := filepath.Join(t.TempDir(), "list"), filepath.Join(t.TempDir(), "place")
	write(t, list, "new")
	run(t, false, "sh", "lists/snowman-load", list, place, "false")
	if _, err := os.Lstat(place); err == nil {
		t.Error("a list that was not loaded stays where there was none")
	}
	write(t, place, "before")
	run(t, false, "sh", "lists/snowman-load", list, place, "false")
	if got := read(t, place); got != "before" {
		t.Errorf("the place has %q", got)
	}
	run(t, true, "sh", "lists/snowman-load", list, place, "true")
	if info, err := os.Stat(place); err != nil || info.Mode() != 0o644 || read(t, place) != "new" {
		t.Errorf("the place has %q, %v", read(t, place), info.Mode())
	}
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	run(t, true, "sh", "lists/snowman-load", list, place, "true")
	if got := read(t, place); got != "new" {
		t.Errorf("after somebody removed it the place has %q", got)
	}
}

var (
	command    = regexp.MustCompile(`\bsnowman (list|helper|score)\b([^|&<` + "`" + `\n]*)`)
	flagOf     = regexp.MustCompile(` (-[a-z]+)`)
	deployFile = regexp.MustCompile(`\bdeploy/lists/([\w@.-]+)`)
)

// commandsExist holds the page's commands to the program's flags, and its paths to files.
func commandsExist(t *testing.T, program string) {
	page := read(t, "lists/README.md")
	commands := command.FindAllStringSubmatch(page, -1)
	if len(commands) < 3 {
		t.Errorf("the page has only the commands %q: are they found at all?", commands)
	}
	for _, found := range commands {
		help, err := exec.Command(program, found[1], "-h").CombinedOutput()
		if err != nil {
			t.Fatalf("snowman %s -h: %v\n%s", found[1], err, help)
		}
		for _, flag := range flagOf.FindAllStringSubmatch(found[2], -1) {
			if !strings.Contains(string(help), "\n  "+flag[1]+" ") && !strings.Contains(string(help), "\n  "+flag[1]+"\n") {
				t.Errorf("%q: there is no flag %s", found[0], flag[1])
			}
		}
	}
	for _, found := range deployFile.FindAllStringSubmatch(page, -1) {
		if name := strings.TrimSuffix(found[1], "."); !strings.Contains(name, "$") {
			if _, err := os.Stat(filepath.Join("lists", name)); err != nil && name != "" {
				t.Errorf("the page names deploy/lists/%s: %v", name, err)
			}
		}
	}
}

// variables returns what a file for systemd's EnvironmentFile= sets, as sh reads it: both do.
func variables(t *testing.T, file string) map[string]string {
	t.Helper()
	set := make(map[string]string)
	for line := range strings.Lines(read(t, file)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		set[name] = strings.Trim(value, `"`)
	}
	return set
}

func run(t *testing.T, succeeds bool, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); (err == nil) != succeeds {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
