//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
)

// stored holds all samples of a job that Prometheus has stored. The keys are the strings of the labels
// without those that Prometheus adds.
type stored struct {
	series  map[string]*model.SampleStream
	scrapes []model.SamplePair // samples of the series up, one for each scrape
}

// everything is a range for queries that is longer than the tests take.
const everything = "1h"

// readStored returns the stored samples of a job, but not the samples of alerts. It makes a single query, so
// it sees either all or nothing of each scrape.
func readStored(ctx context.Context, prom promv1.API, job string) (stored, error) {
	s := stored{series: make(map[string]*model.SampleStream)}
	got, _, _, err := prom.Query(ctx, fmt.Sprintf(`{job=%q, __name__!~"ALERTS.*"}[%s]`, job, everything), time.Now())
	if err != nil {
		return s, err
	}
	matrix, ok := got.(model.Matrix)
	if !ok {
		return s, fmt.Errorf("%s: got a %T, want a matrix", job, got)
	}
	for _, stream := range matrix {
		s.series[storedKey(model.LabelSet(stream.Metric))] = stream
	}
	if up := s.series[series("up")]; up != nil {
		s.scrapes = up.Values
	}
	return s, nil
}

// storedKey returns the string of the labels without those that Prometheus adds.
func storedKey(set model.LabelSet) string {
	b := labels.NewBuilder(labels.EmptyLabels())
	for name, value := range set {
		if name != model.JobLabel && name != model.InstanceLabel {
			b.Set(string(name), string(value))
		}
	}
	return b.Labels().String()
}

// own reports whether Prometheus makes a series itself.
func own(key string) bool {
	return strings.Contains(key, `__name__="up"`) || strings.Contains(key, `__name__="scrape_`)
}

// arrivals returns the times at which the samples of a series were scraped. Prometheus may have inserted
// a zero before them, at the time when the series was created. If it has not, created is 0.
func (s stored) arrivals(stream *model.SampleStream) (times []model.Time, created model.Time) {
	add := func(at model.Time, zero bool) {
		scraped := slices.ContainsFunc(s.scrapes, func(up model.SamplePair) bool { return up.Timestamp == at })
		if zero && !scraped && len(times) == 0 {
			created = at
		} else {
			times = append(times, at)
		}
	}
	for _, v := range stream.Values {
		add(v.Timestamp, v.Value == 0)
	}
	for _, v := range stream.Histograms {
		add(v.Timestamp, v.Histogram.Count == 0)
	}
	return times, created
}

// checkArrivals checks that a series was in every scrape or, if it may be late, in every scrape after its
// first one.
func (s stored) checkArrivals(t *testing.T, key string, late bool) {
	t.Helper()
	times, _ := s.arrivals(s.series[key])
	scrapes := s.scrapes
	if late {
		scrapes = scrapes[max(0, len(scrapes)-len(times)):]
	}
	if !slices.EqualFunc(times, scrapes, func(at model.Time, up model.SamplePair) bool { return at == up.Timestamp }) {
		t.Errorf("%s has come at %v, want it in every scrape of %v", key, times, s.scrapes)
	}
}

// checkUp checks that every scrape succeeded.
func (s stored) checkUp(t *testing.T) {
	t.Helper()
	for _, up := range s.scrapes {
		if up.Value != 1 {
			t.Errorf("up was %v at %v", up.Value, up.Timestamp.Time())
		}
	}
}

// latest returns the samples of the last scrape and the times at which the series were created.
func (s stored) latest() exposition {
	got := exposition{floats: map[string]float64{}, created: map[string]int64{}}
	for key, stream := range s.series {
		if own(key) {
			continue
		}
		if n := len(stream.Values); n > 0 {
			got.floats[key] = float64(stream.Values[n-1].Value)
		}
		if _, created := s.arrivals(stream); created != 0 {
			got.created[key] = int64(created)
		}
	}
	return got
}

// Values of the HTTP API for the boundaries of a bucket: which bounds the bucket includes.
const (
	upperIncluded = iota
	lowerIncluded
	noneIncluded
	bothIncluded
)

// storedBuckets returns the buckets of a native histogram.
func storedBuckets(h *model.SampleHistogram) (buckets []bucket) {
	for _, b := range h.Buckets {
		lower := b.Boundaries == lowerIncluded || b.Boundaries == bothIncluded
		upper := b.Boundaries == upperIncluded || b.Boundaries == bothIncluded
		buckets = append(buckets, bucket{float64(b.Lower), float64(b.Upper), lower, upper, float64(b.Count)})
	}
	return buckets
}

// compareStoredHistograms compares the native histograms of the last scrape.
func compareStoredHistograms(t *testing.T, p *program, s stored, want map[string]float64) {
	t.Helper()
	natives := 0
	for key, stream := range s.series {
		if len(stream.Histograms) == 0 {
			continue
		}
		natives++
		factor, ok := want[key]
		if !ok {
			t.Errorf("unexpected native histogram %s", key)
			continue
		}
		h := stream.Histograms[len(stream.Histograms)-1].Histogram
		compareNative(t, key, float64(h.Count), float64(h.Sum), storedBuckets(h), factor, p.observed())
	}
	if natives != len(want) {
		t.Errorf("got %d native histograms, want %d", natives, len(want))
	}
}

// storedExemplars returns the stored exemplars of a job.
func storedExemplars(t *testing.T, prom promv1.API, job string) map[string][]exemplar.Exemplar {
	t.Helper()
	now := time.Now()
	results, err := prom.QueryExemplars(t.Context(), fmt.Sprintf("{job=%q}", job), now.Add(-time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]exemplar.Exemplar)
	for _, r := range results {
		key := storedKey(r.SeriesLabels)
		for _, e := range r.Exemplars {
			set := make(map[string]string, len(e.Labels))
			for name, value := range e.Labels {
				set[string(name)] = string(value)
			}
			got[key] = append(got[key], exemplar.Exemplar{
				Labels: labels.FromMap(set), Value: float64(e.Value), Ts: int64(e.Timestamp), HasTs: true,
			})
		}
	}
	return got
}

// storedMetadata returns the stored metadata of a job's families.
func storedMetadata(t *testing.T, prom promv1.API, job string) map[string]metadata {
	t.Helper()
	results, err := prom.TargetsMetadata(t.Context(), fmt.Sprintf("{job=%q}", job), "", "")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]metadata)
	for _, r := range results {
		got[r.Metric] = metadata{model.MetricType(r.Type), r.Help, r.Unit}
	}
	return got
}
