package metric

// Close ends the runs of collectors that were registered with [WithBackground]. It cancels their
// contexts and waits up to one second for the runs under way. If some have not returned by then,
// Close returns an error that names their collectors and wraps [ErrStillRunning].
//
// A closed registry goes on serving scrapes of everything else. For a collector that ran in the
// background, each scrape gets the last good result, as far as [WithStale] allows, together with
// [ErrClosed]. Registering another collector with [WithBackground] fails with [ErrClosed], too.
// Close does not close registries that are registered with this one.
//
// Close may be called more than once, and while scrapes are under way.
func (r *ContextRegistry) Close() error {
	core, err := r.open()
	if err != nil {
		return err
	}
	return core.Close()
}
