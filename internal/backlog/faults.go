package backlog

import (
	"fmt"
	"sync"
)

// maxFaults is the maximum number of faults that are kept until the next call of Faults.
const maxFaults = 32

// faults collects errors that no method of the log could return when they happened.
type faults struct {
	mu   sync.Mutex
	list []error
	more int // number of faults that are not in the list
}

func (f *faults) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) < maxFaults {
		f.list = append(f.list, err)
	} else {
		f.more++
	}
}

func (f *faults) take() []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	list, more := f.list, f.more
	f.list, f.more = nil, 0
	if more > 0 {
		list = append(list, fmt.Errorf("backlog: %d more faults", more))
	}
	return list
}
