package expvar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/luxfi/metric"
)

// calls are the calls of the program's functions that are in progress, at most one for each function. The
// zero value is ready to use.
type calls struct {
	mu      sync.Mutex
	running map[string]*call // calls by variable and keys
}

// call is one call of a function. Overlapping scrapes share it.
type call struct {
	done chan struct{}
	late bool // whether the call has missed a deadline, so that no scrape joins it anymore; guarded by calls.mu

	// tree and err are set before done is closed.
	tree any // see treeOf
	err  error
}

// start calls the function unless a call of it is already in progress.
func (c *calls) start(name string, keys []string, code expvar.Var) (*call, error) {
	id := strings.Join(append([]string{name}, keys...), "\x00")
	c.mu.Lock()
	defer c.mu.Unlock()
	if running := c.running[id]; running != nil {
		if running.late {
			return nil, metric.ErrStillRunning
		}
		return running, nil
	}
	started := &call{done: make(chan struct{})}
	if c.running == nil {
		c.running = make(map[string]*call)
	}
	c.running[id] = started
	go func() {
		defer close(started.done)
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.running, id)
		}()
		started.evaluate(code)
	}()
	return started, nil
}

// wait returns the result of a call, or an error if ctx is done first.
func (c *calls) wait(ctx context.Context, running *call) (tree any, err error) {
	select {
	case <-running.done:
		return running.tree, running.err
	default:
	}
	select {
	case <-running.done:
		return running.tree, running.err
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) { // A canceled scrape does not mean that the function is slow.
		c.mu.Lock()
		defer c.mu.Unlock()
		running.late = true
	}
	return nil, fmt.Errorf("the function has not returned: %w", ctx.Err())
}

// evaluate sets the result of the call. It runs code of the program. That code may panic or end the
// goroutine.
func (c *call) evaluate(code expvar.Var) {
	returned := false
	defer func() {
		if v := recover(); v != nil || !returned {
			c.tree, c.err = nil, &metric.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	if f, ok := code.(expvar.Func); ok {
		c.tree, c.err = treeOf(f.Value())
	} else {
		c.tree, c.err = parse([]byte(code.String()))
	}
	returned = true
}

// treeOf returns v as a tree of float64, [json.Number], bool, string, nil, map[string]any, and values that
// are not exposed. It converts common types itself, because package encoding/json refuses NaN and
// infinities.
func treeOf(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string, float64:
		return v, nil
	case int:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case uint64:
		return float64(v), nil
	case float32:
		return float64(v), nil
	case map[string]any:
		return treeOfMap(v)
	case map[string]float64:
		return treeOfMap(v)
	case map[string]int64:
		return treeOfMap(v)
	case map[string]int:
		return treeOfMap(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return parse(b)
}

func treeOfMap[V any](m map[string]V) (any, error) {
	tree := make(map[string]any, len(m))
	for k, v := range m {
		child, err := treeOf(v)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", k, err)
		}
		tree[k] = child
	}
	return tree, nil
}

// parse returns the tree of a JSON text. Its numbers have the type [json.Number].
func parse(text []byte) (tree any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // Numbers that are too large for a float64 must not be errors.
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("its text is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("its text is not JSON: there is more than one value")
	}
	return tree, nil
}
