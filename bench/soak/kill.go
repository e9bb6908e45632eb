package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// killOften kills the service in the middle of load and reloads. The next one must listen on the
// same port at once, and its first answer must be right.
func killOften(ctx context.Context, o options, stdout io.Writer) error {
	folder, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	oracle, swapper, err := newModels(o, folder)
	if err != nil {
		return err
	}
	l := newLedger()
	random := rand.New(rand.NewPCG(5, 5))
	address := loopback
	var answered []float64
	for i := range o.kills {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if i%5 == 4 {
			if err := killStarting(o.program, address, swapper.path, random); err != nil {
				return err
			}
		}
		begin := time.Now()
		service, err := startService(checkLog(l), o.program, "serve", "-listen", address, "-model", swapper.path, "-watch")
		if err != nil {
			l.fail("the start after a kill", err)
			break
		}
		address = service.address
		if model, err := swapper.answering(address); err != nil || model != swapper.current {
			l.fail("the first answer after a kill", fmt.Errorf("of model %d, want %d (%w)", model, swapper.current, err))
		}
		answered = append(answered, milliseconds(time.Since(begin)))
		killLoaded(ctx, service, swapper, &good{address: address, oracle: oracle, ledger: l, killed: true}, random, uint64(i))
		if (i+1)%10 == 0 {
			progress("kill %d of %d", i+1, o.kills)
		}
	}
	t := markdown.NewTable(stdout, fmt.Sprintf("kill -9, %d times", o.kills), "", "")
	t.Row("from the start on the same port to a right first answer, ms: median, smallest to largest", fmt.Sprintf("%.0f, %s", markdown.Median(answered), spread("%.0f", answered)))
	l.print(t)
	t.End()
	return l.err()
}

// killLoaded kills the service within half a second, under load and reloads, and leaves a good
// model.
func killLoaded(ctx context.Context, service *service, swapper *swapper, clients *good, random *rand.Rand, seed uint64) {
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { clients.run(ctx, seed) })
	all.Go(func() { swapper.churn(ctx, service) })
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(random.IntN(500)) * time.Millisecond):
	}
	service.kill()
	stop()
	all.Wait()
}

// killStarting kills a service that has hardly started.
func killStarting(program, address, model string, random *rand.Rand) error {
	process, err := os.StartProcess(program, []string{program, "serve", "-listen", address, "-model", model}, new(os.ProcAttr))
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
	if err := process.Kill(); err != nil {
		return err
	}
	_, err = process.Wait()
	return err
}

// churn changes the model, far more often than anybody would, until the context is done. Every
// fourth model is damaged; the last one is good.
func (s *swapper) churn(ctx context.Context, service *service) {
	for i := 0; ctx.Err() == nil; i++ {
		s.current = 1 - s.current
		content := s.models[s.current]
		if i%4 == 3 {
			content = content[:len(content)/2]
		}
		if s.replace(content) == nil {
			service.command.Process.Signal(syscall.SIGHUP) // it may be killed by now
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.replace(s.models[s.current]) // the next first answer says whether it was
}
