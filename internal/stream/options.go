package stream

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/snowman-ml/snowman"
	"github.com/snowman-ml/snowman/logs"
)

// check says what is wrong with options.
func (o *Options) check(model *snowman.Model) error {
	switch {
	case len(o.In) == 0:
		return errors.New("no topic to read")
	case o.Out == "" && o.Alerts == "":
		return errors.New("no topic to write to")
	case o.SessionTimeout < time.Second || o.SessionTimeout > time.Hour:
		return fmt.Errorf("a session of %v: want a second to an hour", o.SessionTimeout)
	}
	for _, topic := range []string{o.Out, o.Alerts, o.DeadLetters} {
		if topic != "" && slices.Contains(o.In, topic) {
			return fmt.Errorf("topic %q is read and written: its messages would never end", topic)
		}
	}
	if s := o.Security; s.Mechanism != "" {
		switch {
		case !slices.Contains(Mechanisms, s.Mechanism):
			return fmt.Errorf("unknown mechanism %q: want one of %q", s.Mechanism, Mechanisms)
		case s.User == "" || s.Password == nil:
			return errors.New("logging in needs a user and a password")
		case s.Mechanism == "plain" && s.TLS == nil:
			return errors.New("the mechanism plain needs TLS: without it the password can be read")
		}
	}
	return o.checkFormat(model)
}

// checkFormat says what is wrong with the format of messages, and forgets the one of names.
func (o *Options) checkFormat(model *snowman.Model) error {
	if o.Format == logs.Lines {
		o.Format = nil
	}
	switch {
	case o.Format == nil && len(o.Columns) > 0:
		return errors.New("a message that is a name has no members")
	case o.Format == nil && o.ECS:
		return errors.New("fields of the Elastic Common Schema go into records, not to names")
	case o.Format == nil:
		return nil
	case o.Headers && o.ECS:
		return errors.New("fields of the Elastic Common Schema go into records, not into headers")
	case o.Format.Sort == logs.Names && !o.Headers:
		return fmt.Errorf("%s has no place for a verdict: write it into headers", o.Format.Title)
	}
	_, err := o.layoutFor(model)
	return err
}
