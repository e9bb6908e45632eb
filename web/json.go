package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A document reads the JSON of a request member by member. encoding/json would ignore members that
// it does not know, and its errors name types of Go. A member that is null counts as missing.
type document struct{ *json.Decoder }

// members are how each member of an object is read.
type members map[string]func() error

// readJSON reads a request that is an object; example shows one.
func readJSON(body []byte, example string, membersOf func(*document) members) error {
	err := json.Unmarshal(body, new(ignored)) // for its syntax, so that only types can be wrong from here on
	if err == nil {
		d := &document{json.NewDecoder(bytes.NewReader(body))}
		d.UseNumber()
		err = d.object(membersOf(d))
	}
	if wrong, ok := err.(*wrongType); ok && wrong.place == "" {
		wrong.place, wrong.want = "the request", example
	}
	if err != nil {
		return fmt.Errorf("reading the request as JSON: %w", err)
	}
	return nil
}

// ignored is any JSON value.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// object reads an object, and refuses members that are not known. "*" stands for all members.
func (d *document) object(known members) error {
	if starts, err := d.start('{'); !starts {
		return err
	}
	seen := make(map[string]bool)
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		name := token.(string)
		if seen[name] {
			return fmt.Errorf("the member %q stands twice", abbreviate(name))
		}
		seen[name] = true
		read := known[name]
		if read == nil {
			read = known["*"]
		}
		if read == nil {
			return &unknownMember{name: name, known: slices.Sorted(maps.Keys(known))}
		}
		if err := read(); err != nil {
			return within(name, err)
		}
	}
	_, err := d.Token() // }
	return err
}

// readArray reads an array of at most maxTexts elements; of a longer one it reads no more.
func readArray[T any](d *document, into *[]T, read func(*T) error) error {
	if starts, err := d.start('['); !starts {
		return err
	}
	*into = []T{}
	for d.More() {
		if len(*into) == maxTexts {
			return tooLargeError{fmt.Sprintf("there are more than %d elements; send texts as lines, text/plain", maxTexts)}
		}
		var element T
		if err := read(&element); err != nil {
			return within(fmt.Sprintf("[%d]", len(*into)), err)
		}
		*into = append(*into, element)
	}
	_, err := d.Token() // ]
	return err
}

// start reads the start of an object or array, and reports whether there is one: null is none.
func (d *document) start(delim json.Delim) (bool, error) {
	token, err := d.Token()
	if err != nil || token == nil || token == delim {
		return token != nil, err
	}
	return false, &wrongType{found: describe(token), want: describe(delim)}
}

func (d *document) string(set func(string)) func() error {
	return func() error {
		var value json.RawMessage
		if err := d.Decode(&value); err != nil || string(value) == "null" {
			return err
		}
		text, err := unquote(value)
		if err == errNoString {
			var other any // than a string
			decoder := json.NewDecoder(bytes.NewReader(value))
			decoder.UseNumber()
			if other, err = decoder.Token(); err == nil {
				err = &wrongType{found: describe(other), want: "a string"}
			}
		}
		if err == nil {
			set(text)
		}
		return err
	}
}

func (d *document) integer(into *int) error {
	token, err := d.Token()
	if token == nil {
		return err
	}
	number, _ := token.(json.Number)
	if *into, err = strconv.Atoi(number.String()); err != nil {
		return &wrongType{found: describe(token), want: "a whole number below 2^63"}
	}
	return nil
}

// texts reads an array in which an element that is not a string costs only itself.
func (d *document) texts(into *[]textValue) error {
	return readArray(d, into, func(v *textValue) error { return d.Decode(v) })
}

// describe says what a token is, or starts.
func describe(token json.Token) string {
	switch token := token.(type) {
	case string:
		return "a string"
	case bool:
		return strconv.FormatBool(token)
	case json.Number:
		return abbreviate(token.String())
	}
	if token == json.Delim('[') {
		return "an array"
	}
	return "an object"
}

// wrongType is a value that is not of the type that its place wants, such as inputs[0].shape.
type wrongType struct{ place, found, want string }

func (e *wrongType) Error() string { return fmt.Sprintf("%s is %s, want %s", e.place, e.found, e.want) }

// unknownMember is a member that the object at its place does not have.
type unknownMember struct {
	place, name string
	known       []string
}

func (e *unknownMember) Error() string {
	where := ""
	if e.place != "" {
		where = " in " + e.place
	}
	return fmt.Sprintf("there is no member %q%s, %s", abbreviate(e.name), where, only(e.known))
}

// within puts the place of an error into the member or element that encloses it.
func within(outer string, err error) error {
	var place *string
	switch err := err.(type) {
	case *wrongType:
		place = &err.place
	case *unknownMember:
		place = &err.place
	default:
		return err
	}
	if *place != "" && !strings.HasPrefix(*place, "[") {
		outer += "."
	}
	*place = outer + *place
	return err
}
