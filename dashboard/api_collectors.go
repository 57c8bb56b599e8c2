package dashboard

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
)

// firstSampleWait is how long an answer about collectors waits for the first sample. The client must get an
// answer even if collectors hang, but before the first sample the answer says little.
const firstSampleWait = time.Second

// collectors returns the states of all collectors.
func (d *Dashboard) collectors(ctx context.Context) *api.Collectors {
	ctx, cancel := context.WithTimeout(ctx, firstSampleWait)
	defer cancel()
	_, _ = d.sampler.recent(ctx)
	d.sampler.observe()
	return d.tracker.rows(time.Now())
}

func answerCollectors(d *Dashboard, r *http.Request) (any, error) {
	return d.collectors(r.Context()), nil
}

// serveText answers with the collectors as plain text.
func (d *Dashboard) serveText(w http.ResponseWriter, r *http.Request) {
	var text bytes.Buffer
	writeText(&text, d.collectors(r.Context()), time.Now())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(text.Bytes()) // It fails if the client has gone away.
}

// answerHistory answers with what the dashboard keeps and how much memory that takes. It does not wait
// for a sample.
func answerHistory(d *Dashboard, _ *http.Request) (any, error) {
	usage := d.sampler.store.Usage()
	answer := &api.History{
		Now: time.Now().UnixMilli(), Started: d.started.UnixMilli(), Always: d.opts.History > 0, WindowMs: milliseconds(d.opts.window()),
		Samples: usage.Samples, Bytes: usage.Bytes, MaxBytes: d.opts.MaxBytes, Events: append([]api.Event{}, d.tracker.events()...),
	}
	if !usage.From.IsZero() {
		answer.From = usage.From.UnixMilli()
	}
	s := d.sampler
	s.mu.Lock()
	defer s.mu.Unlock()
	answer.Viewers = len(s.viewers)
	answer.Sampling = append([]api.Sampling{}, s.sampling...)
	if s.now.latest != nil {
		answer.Series, answer.Omitted = s.now.latest.Series, s.now.latest.Omitted
	}
	return answer, nil
}
