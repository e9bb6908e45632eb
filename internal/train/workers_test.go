package train

import (
	"sync/atomic"
	"testing"
)

func TestWorkersRunEachTaskOnce(t *testing.T) {
	for w := workers(1); w <= 5; w++ {
		for tasks := range 20 {
			runs := make([]atomic.Int32, tasks)
			w.do(tasks, func(task int) { runs[task].Add(1) })
			for task := range runs {
				if n := runs[task].Load(); n != 1 {
					t.Errorf("%d workers ran task %d of %d %d times", w, task, tasks, n)
				}
			}
		}
	}
}
