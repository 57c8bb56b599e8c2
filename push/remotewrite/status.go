package remotewrite

import "time"

// TargetStatus is the state of a target at the time of [Pusher.Status]. It is a copy.
type TargetStatus struct {
	Name     string   // Target.Name or its default
	URL      string   // URL without credentials
	Protocol Protocol // version of the next request: V1 or V2

	// Pending is the number of samples in the queue. Dropped is the number of samples that were dropped
	// because the queue was full or could not be written. Failed is the number of samples that the target
	// has rejected. All three include native histograms, but not exemplars. Dropped and Failed count from
	// the call of New.
	Pending, Dropped, Failed uint64
	// PendingBytes is the size of the pending requests in the queue, after compression.
	PendingBytes int64

	LastSuccess time.Time // when the target last accepted a whole request; zero if it never has
	LastError   error     // why the last request failed or was rejected, at least in part; nil after a success
	RestsUntil  time.Time // when a failed request is sent again; zero if no failed request waits
}

// Status returns the state of each target: first the one passed to [New], then the targets in Opts.Targets.
// It does not block, and it can be called after Close.
func (p *Pusher) Status() []TargetStatus {
	all := make([]TargetStatus, len(p.targets))
	for i, t := range p.targets {
		s, pending, dropped := t.snapshot(), t.log.Pending(t.index), t.dropped()
		all[i] = TargetStatus{
			Name: t.Name, URL: t.shownURL(), Protocol: t.sender.version(),
			Pending: pending.Samples + pending.Histograms, PendingBytes: pending.Bytes,
			Dropped: dropped.Samples + dropped.Histograms, Failed: s.failed.Samples + s.failed.Histograms,
			LastSuccess: s.lastSuccess, LastError: s.lastErr, RestsUntil: s.restsUntil,
		}
	}
	return all
}
