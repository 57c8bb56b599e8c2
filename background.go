package metric

// Close ends the runs of collectors that were registered with [WithBackground]. It cancels their contexts
// and waits up to one second for the runs in progress. If some have not returned by then, Close returns an
// error that names their collectors and wraps [ErrStillRunning].
//
// A closed registry continues to serve all other metrics. For a collector that ran in the background, each
// scrape gets the last good result, as far as [WithStale] allows, together with [ErrClosed]. Registering
// another collector with [WithBackground] also fails with [ErrClosed]. Close does not close registries that
// are registered with this one.
//
// Close may be called more than once, and while scrapes are in progress.
func (r *ContextRegistry) Close() error {
	core, err := r.open()
	if err != nil {
		return err
	}
	return core.Close()
}
