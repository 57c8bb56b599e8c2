package metric

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
	return core.Close()
}
