package remotewrite

import "time"

// TargetStatus is the state of a target at the time of [Pusher.Status]. It is a copy.
type TargetStatus struct {
	Name     string   // Target.Name, or its default.
	URL      string   // Without the password.
	Protocol Protocol // Version of the next request: V1 or V2.

	// Pending is the number of samples in the queue, Dropped the number of samples that were dropped because the
	// queue was full or could not be written, and Failed the number of samples that the target has rejected. They
	// include native histograms, but not exemplars. Dropped and Failed count from the call of New.
	Pending, Dropped, Failed uint64
	// PendingBytes is the size of the pending requests in the queue, after compression.
	PendingBytes int64

	LastSuccess time.Time // When the target last accepted a whole request; zero if it never has.
	LastError   error     // Why the last request failed or was rejected, at least in part; nil after a success.
	RestsUntil  time.Time // When a failed request is sent again; zero if none has to be.
}

// Status returns the state of each target: first the one of New, then those of Opts.Targets. It does not block, and
// works after Close, too.
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
