package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/snowman-ml/snowman/internal/inputfile"
	"github.com/snowman-ml/snowman/internal/lines"
)

// Keys are the API keys that let a request in. They are immutable. Of each key only its SHA-256 is
// known: keys are long and random, so no slower hash is needed.
type Keys struct {
	names  []string
	hashes [][sha256.Size]byte
}

// Limits of a list of keys.
const (
	maxKeys    = 10_000
	maxKeyFile = 16 << 20 // bytes
)

// emptyHash is the hash of nothing, which a script writes if its variable is not set.
var emptyHash = sha256.Sum256(nil)

// OpenKeys reads a list of keys from a file: see ReadKeys.
func OpenKeys(path string) (*Keys, error) {
	file, err := inputfile.OpenLimited(path, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("reading API keys: %w", err)
	}
	defer file.Close()
	keys, err := ReadKeys(file)
	if err != nil {
		return nil, fmt.Errorf("reading API keys from %q: %w", path, err)
	}
	return keys, nil
}

// ReadKeys reads a list of keys. A line is a name for the log and the SHA-256 of the key in
// hexadecimal; a # starts a comment.
func ReadKeys(r io.Reader) (*Keys, error) {
	keys := new(Keys)
	reader := lines.NewReader(r, 4<<10)
	for reader.Scan() {
		line, _, _ := strings.Cut(string(reader.Bytes()), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 && !reader.Cut() {
			continue
		}
		if len(fields) != 2 || reader.Cut() {
			return nil, fmt.Errorf("line %d: want a name and the SHA-256 of a key", reader.Number())
		}
		var hash [sha256.Size]byte
		if n, err := hex.Decode(hash[:], []byte(fields[1][:min(len(fields[1]), 2*sha256.Size)])); err != nil || n != sha256.Size || len(fields[1]) != 2*sha256.Size {
			return nil, fmt.Errorf("line %d: the SHA-256 of key %q is not %d hexadecimal digits", reader.Number(), fields[0], 2*sha256.Size)
		}
		if hash == emptyHash {
			return nil, fmt.Errorf("line %d: key %q is empty", reader.Number(), fields[0])
		}
		keys.names, keys.hashes = append(keys.names, fields[0]), append(keys.hashes, hash)
		if len(keys.names) > maxKeys {
			return nil, fmt.Errorf("line %d: more than %d keys", reader.Number(), maxKeys)
		}
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	if len(keys.names) == 0 {
		return nil, errors.New("no key, so nobody could ask")
	}
	return keys, nil
}

// Len is the number of keys.
func (k *Keys) Len() int { return len(k.names) }

// find returns the name of a key. Its time depends neither on which key it is nor on whether it is
// one. An empty key is none.
func (k *Keys) find(key string) (name string, found bool) {
	if key == "" {
		return "", false
	}
	hash := sha256.Sum256([]byte(key))
	at := -1
	for i := range k.hashes {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], k.hashes[i][:]), i, at)
	}
	if at < 0 {
		return "", false
	}
	return k.names[at], true
}

// keyOf returns the key that a header gives, empty if none, and false if it gives several. Another
// scheme than Bearer, such as that of a proxy, gives none.
func keyOf(header http.Header) (key string, isOne bool) {
	add := func(given string) bool {
		given = strings.Trim(given, " \t")
		if given == "" || given == key {
			return true
		}
		isFirst := key == ""
		key = given
		return isFirst
	}
	for _, value := range header["Authorization"] {
		scheme, given, _ := strings.Cut(strings.Trim(value, " \t"), " ")
		if strings.EqualFold(scheme, "Bearer") && !add(given) {
			return "", false
		}
	}
	for _, value := range header["X-Api-Key"] {
		if !add(value) {
			return "", false
		}
	}
	return key, true
}

// admit reports whether a request may be answered. If not, it has answered with the reason.
func (s *Service) admit(w *response, r *http.Request) bool {
	client := ""
	if keys := s.keys.Load(); keys != nil {
		key, isOne := keyOf(r.Header)
		name, found := "", false
		if isOne {
			name, found = keys.find(key)
		}
		switch {
		case found:
			w.key, client = name, name
		case s.clients != nil && !s.clients.allow(clientNetwork(r)): // a wrong key counts against the address's rate
			w.refuse(http.StatusTooManyRequests, "too many requests of this client; try again later")
			return false
		default:
			w.Header().Set("WWW-Authenticate", "Bearer")
			reason := "an API key is needed: send Authorization: Bearer KEY, or X-API-Key: KEY"
			switch {
			case !isOne:
				reason = "several API keys are given, want one"
			case key != "":
				reason = "the API key is unknown"
			}
			w.refuse(http.StatusUnauthorized, reason)
			return false
		}
	}
	if s.clients == nil {
		return true
	}
	if client == "" {
		client = clientNetwork(r)
	}
	if !s.clients.allow(client) {
		w.refuse(http.StatusTooManyRequests, "too many requests of this client; try again later")
		return false
	}
	return true
}
