package remotewrite

import "time"

// TargetStatus describes the state of a target. It is a copy, which belongs to the caller.
type TargetStatus struct {
	Name     string
	URL      string   // Without credentials.
	Protocol Protocol // The version in use: V1 or V2.

	// Pending and PendingBytes are the samples, histograms included, and bytes in the queue. Dropped are the
	// samples that were dropped because the queue was full, and Failed those that the target has rejected.
	Pending, Dropped, Failed uint64
	PendingBytes             int64

	LastSuccess time.Time // When the target took a request last; zero if it never did.
	LastError   error     // Why the last request failed; nil if it did not.
	RestsUntil  time.Time // When the next request is sent, after a failure.
}

// Status returns the state of each target: that of New, followed by those of Opts.Targets. It waits for nothing.
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
