package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A swapper changes the model file of a service that watches it, in every way in which people do
// that, and wants the service to answer with what is there.
type swapper struct {
	path    string
	models  [2][]byte
	current int // which of them the service must answer with
	oracle  *oracle
}

// newModels returns the oracle of both models, and the swapper that exchanges them in a folder.
func newModels(o options, folder string) (*oracle, *swapper, error) {
	models := [2]string{o.model, o.other}
	oracle, err := newOracle(models, knownTexts)
	if err != nil {
		return nil, nil, err
	}
	swapper, err := newSwapper(folder, models, oracle)
	return oracle, swapper, err
}

// newSwapper puts the first model where the service will read it, in a folder of its own.
func newSwapper(folder string, models [2]string, oracle *oracle) (*swapper, error) {
	s := &swapper{path: filepath.Join(folder, "model.safetensors"), oracle: oracle}
	for i, path := range models {
		var err error
		if s.models[i], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return s, s.replace(s.models[0])
}

// replace writes the file as one should: beside it, then renamed.
func (s *swapper) replace(content []byte) error {
	beside := s.path + ".new"
	if err := os.WriteFile(beside, content, 0o600); err != nil {
		return err
	}
	return os.Rename(beside, s.path)
}

// run changes the file about once a second until the context is done, and leaves a good one.
func (s *swapper) run(ctx context.Context, service *service, random *rand.Rand, l *ledger) {
	for ctx.Err() == nil {
		second := time.After(time.Second)
		var what string
		var err error
		switch random.IntN(8) {
		case 0:
			what = "reloads: damaged file, refused"
			err = s.damage(ctx, service, random)
		case 1:
			what = "reloads: file written in place, in two halves"
			err = s.swap(ctx, service, s.writeSlowly, false)
		case 2, 3, 4:
			what = "reloads: file renamed, found by -watch"
			err = s.swap(ctx, service, s.replace, false)
		default:
			what = "reloads: file renamed, SIGHUP"
			err = s.swap(ctx, service, s.replace, true)
		}
		if ctx.Err() != nil {
			break // nobody waited for the outcome
		}
		if err != nil {
			l.fail(what, err)
		} else {
			l.count(what, 1)
		}
		<-second
	}
	if err := s.replace(s.models[s.current]); err != nil {
		l.fail("reloads", err)
	}
}

// swap writes the other model and waits until the service answers with it.
func (s *swapper) swap(ctx context.Context, service *service, write func([]byte) error, signal bool) error {
	s.current = 1 - s.current
	if err := write(s.models[s.current]); err != nil {
		return err
	}
	if signal {
		if err := service.command.Process.Signal(syscall.SIGHUP); err != nil {
			return err
		}
	}
	begin := time.Now()
	for ctx.Err() == nil {
		model, err := s.answering(service.address)
		if err != nil {
			return err
		}
		if model == s.current {
			return nil
		}
		if time.Since(begin) > patience {
			return fmt.Errorf("the old model still answers %v after the file changed", patience)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return ctx.Err()
}

// writeSlowly writes the file in place, as cp does, so that half of a model stands there for a
// while.
func (s *swapper) writeSlowly(content []byte) error {
	file, err := os.Create(s.path)
	if err != nil {
		return err
	}
	half := len(content) / 2
	_, first := file.Write(content[:half])
	time.Sleep(300 * time.Millisecond)
	_, second := file.Write(content[half:])
	return errors.Join(first, second, file.Close())
}

// damage writes something that is no model, leaves it long enough to be found, and wants the
// service to answer with the old model all the while.
func (s *swapper) damage(ctx context.Context, service *service, random *rand.Rand) error {
	content := s.models[1-s.current]
	switch random.IntN(5) {
	case 0:
		content = content[:random.IntN(len(content))]
	case 1:
		content = append([]byte(nil), content...)
		content[len(content)-1-random.IntN(1000)] ^= 1 // a weight: only the hash knows
	case 2:
		content = nil
	case 3:
		content = append([]byte("\xff\xff\xff\xff\xff\xff\xff\x7f"), content[8:]...) // the length of the header
	case 4:
		content = []byte("<html>404 Not Found</html>\n")
	}
	if err := s.replace(content); err != nil {
		return err
	}
	if err := service.command.Process.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	for begin := time.Now(); time.Since(begin) < 1500*time.Millisecond && ctx.Err() == nil; {
		model, err := s.answering(service.address)
		if err != nil {
			return err
		}
		if model != s.current {
			return errors.New("the model changed though its file is damaged")
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

// answering asks which model answers.
func (s *swapper) answering(address string) (int, error) {
	probe := s.oracle.probe
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := dial(address)
		if err != nil {
			return 0, err
		}
		a, err := c.exchange(request(http.MethodPut, "/model", formType, "url="+probe.text))
		c.Close()
		if err != nil {
			return 0, err
		}
		if a.status != http.StatusTooManyRequests || time.Since(begin) > patience {
			return probe.checkModel(a)
		}
	}
}
