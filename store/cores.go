package store

import (
	"runtime"

	"golang.org/x/sync/errgroup"
)

// chunk is how many resources one core works on before it takes up others.
const chunk = 100

// onEveryCore does the work of each number below n.
func onEveryCore(n int, work func(int) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += chunk {
		group.Go(func() (err error) {
			for i := from; i < min(from+chunk, n) && err == nil; i++ {
				err = work(i)
			}
			return err
		})
	}
	return group.Wait()
}
