package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// measureStart measures the time to the service's first answer, and its resident memory when it is
// idle after that.
func measureStart(ctx context.Context, o options, stdout io.Writer) error {
	var answered, resident []float64
	for i := range o.starts {
		elapsed, mib, err := startOnce(ctx, o)
		if err != nil {
			return err
		}
		progress("start %d of %d: %.1f ms, %.1f MiB", i+1, o.starts, milliseconds(elapsed), mib)
		answered, resident = append(answered, milliseconds(elapsed)), append(resident, mib)
	}
	t := markdown.NewTable(stdout, fmt.Sprintf("Start, %d times", o.starts), "", "median", "smallest to largest", "bar")
	t.Row("from the start of the process to the first answer of /model, ms", fmt.Sprintf("%.1f", markdown.Median(answered)), spread("%.1f", answered), "100")
	t.Row("resident when idle after it, MiB", fmt.Sprintf("%.1f", markdown.Median(resident)), spread("%.1f", resident), "60")
	t.End()
	return nil
}

func startOnce(ctx context.Context, o options) (elapsed time.Duration, mib float64, err error) {
	begin := time.Now()
	s, err := startSnowman(o, nil, "-model", o.model)
	if err != nil {
		return 0, 0, err
	}
	defer s.kill()
	c, err := dial(s.address)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	answer, err := c.exchange(request("PUT", "/model", formType, "url="+name(0)))
	elapsed = time.Since(begin)
	if err != nil || answer.status != 200 {
		return 0, 0, fmt.Errorf("the first answer has status %d: %q (%v)", answer.status, answer.body, err)
	}
	select {
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	case <-time.After(time.Second):
	}
	mib, err = s.resident()
	return elapsed, mib, err
}
