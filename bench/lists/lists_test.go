package main

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/snowman-ml/snowman/blocklist"
)

func TestEntriesAreNamesThatAListKeeps(t *testing.T) {
	const count = 2000
	list := blocklist.New(slices.Collect(makeEntries(count)), nil)
	if list.Len() != count {
		t.Errorf("%d of %d entries are left: %s", list.Len(), count, list.LeftOut())
	}
	again := blocklist.New(slices.Collect(makeEntries(count)), nil)
	if list.Digest() != again.Digest() {
		t.Error("they are not the same twice")
	}
}

func TestLoadersNameAFormat(t *testing.T) {
	for _, l := range loaders {
		if _, err := blocklist.Find(l.format); err != nil {
			t.Error(err)
		}
		all := strings.Join(l.args, " ")
		for _, content := range l.files {
			all += content
		}
		for _, word := range []string{"LIST", "PORT"} {
			if !strings.Contains(all, word) {
				t.Errorf("%s is told no %s", l.title, word)
			}
		}
	}
}

func TestADenialIsRecognised(t *testing.T) {
	for name, test := range map[string]struct {
		code, answers byte
		want          bool
	}{"no such name": {3, 0, true}, "an address": {0, 1, true}, "nothing": {0, 0, false}, "a failure": {2, 0, false}} {
		server, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			question := make([]byte, 512)
			n, from, _ := server.ReadFrom(question)
			question[3], question[7] = test.code, test.answers
			server.WriteTo(question[:n], from)
		}()
		if got := isDenied(server.LocalAddr().String(), "a.example"); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
		server.Close()
	}
}
