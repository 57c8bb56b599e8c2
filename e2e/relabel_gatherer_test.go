package e2e

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	promrelabel "github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/relabel"
)

// TestRelabeledGatherer checks that a server stores the same samples from a relabeled exposition as from the
// plain one with the same rules as metric_relabel_configs.
func TestRelabeledGatherer(t *testing.T) {
	reg := metric.NewContextRegistry()
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"code", "path"})
	seconds := metric.NewHistogramVec(metric.HistogramOpts{Name: "seconds", Buckets: []float64{0.1, 1, 10}}, []string{"path"})
	size := metric.NewSummaryVec(metric.SummaryOpts{Name: "size", Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01}}, []string{"path"})
	reg.MustRegister(requests, seconds, size)
	for _, path := range []string{"/", "/users/1", "/users/22"} {
		for _, code := range []string{"200", "404", "500"} {
			requests.WithLabelValues(code, path).Inc()
		}
		seconds.WithLabelValues(path).Observe(float64(len(path)))
		size.WithLabelValues(path).Observe(float64(len(path)))
	}
	tests := map[string]string{
		"drop by name":     `[{action: drop, source_labels: [__name__], regex: 'seconds.*'}]`,
		"drop by label":    `[{action: drop, source_labels: [__name__, code], regex: 'requests_total;5..'}]`,
		"keep":             `[{action: keep, source_labels: [path], regex: '/users/.*'}]`,
		"drop buckets":     `[{action: drop, source_labels: [__name__, le], regex: 'seconds_bucket;(0\.1|10\.0)'}]`,
		"drop quantiles":   `[{action: drop, source_labels: [quantile], regex: '0\.9'}]`,
		"replace":          `[{source_labels: [path], regex: '/users/(.*)', target_label: user, replacement: 'u$1'}]`,
		"rename":           `[{source_labels: [__name__], regex: '(.*)', target_label: __name__, replacement: 'shop_$1'}]`,
		"split a family":   `[{source_labels: [code], regex: '5..', target_label: __name__, replacement: errors_total}]`,
		"labelmap":         `[{action: labelmap, regex: 'co(.*)', replacement: 'http_co$1'}, {action: labeldrop, regex: code}]`,
		"temporary labels": `[{source_labels: [path], regex: '/(.*)', target_label: __tmp}, {source_labels: [__tmp], target_label: rest}]`,
		"hashmod":          `[{action: hashmod, source_labels: [path], modulus: 4, target_label: shard}]`,
	}
	for name, document := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := relabel.Parse([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			rules, err := prometheusRules([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			want := storedOf(t, reg, rules)
			g := p.Gatherer(reg)
			for range 2 {
				if got := storedOf(t, g, nil); !maps.Equal(got, want) {
					t.Errorf("got\n%v, want\n%v", got, want)
				}
			}
		})
	}
}

// storedOf returns the samples of a gatherer that a server with the given metric_relabel_configs stores.
func storedOf(t *testing.T, g metric.GathererWithContext, rules []*promrelabel.Config) map[string]float64 {
	t.Helper()
	rec := httptest.NewRecorder()
	metric.HandlerForContext(g, metric.HandlerOpts{ErrorLog: func(err error) { t.Error(err) }}).
		ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	p, err := textparse.New(rec.Body.Bytes(), rec.Header().Get("Content-Type"), labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stored := make(map[string]float64)
	builder := labels.NewBuilder(labels.EmptyLabels())
	for {
		entry, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return stored
		case err != nil:
			t.Fatal(err)
		case entry != textparse.EntrySeries:
			continue
		}
		var all labels.Labels
		p.Labels(&all)
		builder.Reset(all)
		if !promrelabel.ProcessBuilder(builder, rules...) {
			continue
		}
		builder.Range(func(l labels.Label) {
			if l.Name != "__name__" && len(l.Name) > 1 && l.Name[:2] == "__" {
				builder.Del(l.Name)
			}
		})
		_, _, stored[builder.Labels().String()] = p.Series()
	}
}

// TestAggregatedNativeHistograms compares the sum of native histograms of any schemas with Prometheus's. If the zero
// thresholds differ, Prometheus merges buckets into the zero bucket before it lowers the resolution, so the zero
// bucket may overlap with others. In this case the test checks only that no observation is lost.
func TestAggregatedNativeHistograms(t *testing.T) {
	p, err := relabel.New(relabel.Aggregate{Families: []string{"h"}, By: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	f := formats[slices.IndexFunc(formats, func(f format) bool { return f.protobuf })]
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // The numbers need not be secret.
		var (
			want   *histogram.FloatHistogram
			shards []metric.GathererWithContext
		)
		thresholds := []float64{metric.NativeHistogramZeroThresholdZero, 1e-9, 0.25, 0.3}
		alike := rnd.IntN(2) == 0
		if alike {
			thresholds = thresholds[rnd.IntN(4):][:1]
		}
		for i := range 2 + rnd.IntN(3) {
			reg := metric.NewContextRegistry()
			h := metric.NewHistogramVec(metric.HistogramOpts{
				Name: "h", Help: "h", NativeHistogramBucketFactor: []float64{1.01, 1.1, 1.5, 2, 10}[rnd.IntN(5)],
				NativeHistogramZeroThreshold: thresholds[rnd.IntN(len(thresholds))],
			}, []string{"a"})
			reg.MustRegister(h)
			for range rnd.IntN(50) {
				h.WithLabelValues(fmt.Sprint(i)).Observe(rnd.NormFloat64())
			}
			h.WithLabelValues(fmt.Sprint(i)).Observe(0)
			shards = append(shards, reg)
			for _, one := range scrape(t, metric.HandlerForContext(reg, metric.HandlerOpts{}), f).histograms {
				if want == nil {
					want = one.Copy()
				} else if want, _, _, err = want.Add(one); err != nil {
					t.Fatal(err)
				}
			}
		}
		g := p.Gatherer(metric.NewShardedGatherer(shards...))
		for key, got := range scrape(t, metric.HandlerForContext(g, metric.HandlerOpts{}), f).histograms {
			want, got := want.Compact(0), got.Compact(0)
			inBuckets := got.ZeroCount
			for _, n := range slices.Concat(got.PositiveBuckets, got.NegativeBuckets) {
				inBuckets += n
			}
			if !same(got.Sum, want.Sum) || !same(got.Count, want.Count) || !same(inBuckets, want.Count) {
				t.Errorf("seed %d: %s is\n%v, want\n%v", seed, key, got, want)
			}
			got.Sum, got.CounterResetHint = want.Sum, want.CounterResetHint
			if alike && !got.Equals(want) {
				t.Errorf("seed %d: %s is\n%v, want\n%v", seed, key, got, want)
			}
		}
	}
}

// BenchmarkRelabelNatives measures scrapes of 100,000 series of instruments, without rules and with three
// rules, from the second scrape on. It also measures the time that Prometheus needs for the rules alone.
func BenchmarkRelabelNatives(b *testing.B) {
	const (
		series   = 100_000
		document = `
- {action: drop, source_labels: [__name__, code], regex: 'go_.*;.*|requests_total;5..'}
- {source_labels: [path], regex: '/users/(\d+)/.*', target_label: user, replacement: 'u$1'}
- {action: labeldrop, regex: 'pod|namespace'}`
	)
	reg := metric.NewContextRegistry()
	v := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "r"}, []string{"code", "path", "pod", "method"})
	reg.MustRegister(v)
	sets := make([]labels.Labels, series)
	for i := range sets {
		path := fmt.Sprintf("/users/%d/orders", i)
		v.WithLabelValues("200", path, "shop-5d4f8c7b9", "GET").Inc()
		sets[i] = labels.FromStrings("__name__", "requests_total", "code", "200", "path", path, "pod", "shop-5d4f8c7b9", "method", "GET")
	}
	p, err := relabel.Parse([]byte(document))
	if err != nil {
		b.Fatal(err)
	}
	rules, err := prometheusRules([]byte(document))
	if err != nil {
		b.Fatal(err)
	}
	for _, g := range []struct {
		name     string
		gatherer metric.GathererWithContext
	}{{"plain", reg}, {"relabeled", p.Gatherer(reg)}} {
		b.Run(g.name, func(b *testing.B) {
			h := metric.HandlerForContext(g.gatherer, metric.HandlerOpts{DisableCompression: true, ErrorLog: func(err error) { b.Error(err) }})
			req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", http.NoBody)
			h.ServeHTTP(&discard{}, req)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&discard{}, req)
			}
		})
	}
	b.Run("Prometheus", func(b *testing.B) {
		builder := labels.NewBuilder(labels.EmptyLabels())
		b.ReportAllocs()
		for b.Loop() {
			for _, set := range sets {
				builder.Reset(set)
				if promrelabel.ProcessBuilder(builder, rules...) {
					builder.Labels()
				}
			}
		}
	})
}

// discard is a response writer that discards the body.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header {
	if d.header == nil {
		d.header = make(http.Header)
	}
	return d.header
}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) WriteHeader(int)             {}
