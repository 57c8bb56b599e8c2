package dashboard

import (
	"fmt"
	"net/http"
	"time"

	"github.com/luxfi/metric/dashboard/internal/query"
)

// Limits of the rows in answers.
const (
	defaultFamilies = 100
	maxFamilies     = 1000
	defaultRows     = 100
	maxRows         = 1000
	maxOffset       = 1 << 30
)

// sampled returns a moment with a sample from the last two intervals.
func (d *Dashboard) sampled(r *http.Request) (moment, error) {
	return hasSnapshot(d.sampler.recent(r.Context()))
}

// hasSnapshot returns an error if a moment has no sample.
func hasSnapshot(now moment, err error) (moment, error) {
	switch {
	case err != nil:
		return now, &answerError{http.StatusServiceUnavailable, err}
	case now.latest == nil && now.tick.Error != "":
		return now, &answerError{http.StatusServiceUnavailable, fmt.Errorf("nothing could be gathered: %s", now.tick.Error)}
	case now.latest == nil:
		return now, errNoSnapshot
	default:
		return now, nil
	}
}

// answerMetrics returns the families that match a search.
func answerMetrics(d *Dashboard, r *http.Request) (any, error) {
	words, err := textOf(r, "q")
	if err != nil {
		return nil, err
	}
	limit, err := numberOf(r, "limit", defaultFamilies, 1, maxFamilies)
	if err != nil {
		return nil, err
	}
	now, err := d.sampled(r)
	if err != nil {
		return nil, err
	}
	return query.Search(now.latest, words, limit), nil
}

// answerFamily returns a family and its series.
func answerFamily(d *Dashboard, r *http.Request) (any, error) {
	opts := query.DetailOptions{TraceURL: d.opts.TraceURL}
	var err error
	if opts.Family, err = requiredOf(r, "name"); err != nil {
		return nil, err
	}
	if opts.Words, err = textOf(r, "q"); err != nil {
		return nil, err
	}
	if opts.Offset, err = numberOf(r, "offset", 0, 0, maxOffset); err != nil {
		return nil, err
	}
	if opts.Limit, err = numberOf(r, "limit", defaultRows, 1, maxRows); err != nil {
		return nil, err
	}
	now, err := d.sampled(r)
	if err != nil {
		return nil, err
	}
	if detail := query.Detail(now.latest, now.before, opts); detail != nil {
		return detail, nil
	}
	return nil, notFound("there is no metric family %.200q", opts.Family)
}

// answerPlot returns a plot of the past.
func answerPlot(d *Dashboard, r *http.Request) (any, error) {
	spec, err := specOf(r.URL.Query().Get("spec"))
	if err != nil {
		return nil, badRequest(err)
	}
	now, err := d.sampled(r)
	if err != nil {
		return nil, err
	}
	plot := query.Plot(now.latest, d.sampler.store, spec, time.Time{})
	plot.First = true
	return plot, nil
}
