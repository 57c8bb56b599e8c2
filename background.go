package metric

import (
	"fmt"
	"strings"
	"time"
)

// closeWait is how long Close waits for background runs.
const closeWait = time.Second

// Close ends the runs of collectors that were registered [WithBackground]. It ends their
// contexts, and waits for runs that are under way for a second at most: the error names
// collectors whose runs have not returned by then, and wraps [ErrStillRunning].
//
// A closed registry goes on serving scrapes of everything else. Of a collector that ran in the
// background, they get the last good result, as far as [WithStale] allows, together with
// [ErrClosed], which is also the error of registering another one. Registries that are
// registered with this one are not closed.
//
// Close may be called more than once, and while scrapes are under way.
func (r *ContextRegistry) Close() error {
	core, err := r.open()
	if err != nil {
		return err
	}
	return core.close()
}

func (r *core) close() error {
	r.mu.Lock()
	r.closed = true
	for _, e := range r.entries {
		r.engine.EndBackground(e.run, true)
	}
	r.mu.Unlock()
	if stuck := r.engine.AwaitEnded(closeWait); len(stuck) > 0 {
		return fmt.Errorf("closing a registry: background runs of %s have not returned within %v: %w",
			strings.Join(stuck, ", "), closeWait, ErrStillRunning)
	}
	return nil
}

// refuseBackground returns an error if e is to run in the background of a closed registry.
func (r *core) refuseBackground(e *entry) error {
	if r.closed && e.policy != nil && e.policy.Background > 0 {
		return fmt.Errorf("cannot register %s WithBackground: %w", called(e.collector), ErrClosed)
	}
	return nil
}
