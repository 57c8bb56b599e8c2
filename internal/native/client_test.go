package native_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/native"
)

// histogram assembles the parts of this package as a native histogram does.
type histogram struct {
	mu        sync.Mutex
	cfg       *native.Config
	stripes   []*native.Buckets
	limiter   native.Limiter
	exemplars native.Exemplars
	remedies  [native.WiderBuckets + 1]int
}

func newHistogram(o native.Options, stripes int) *histogram {
	h := &histogram{cfg: native.NewConfig(o)}
	for range stripes {
		b := new(native.Buckets)
		b.Reset(h.cfg)
		h.stripes = append(h.stripes, b)
	}
	h.limiter.Init(h.cfg, time.Now())
	h.exemplars.Init(h.cfg)
	return h
}

func (h *histogram) observe(v float64, stripe int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.stripes[stripe]
	if !b.Observe(v) || h.cfg.MaxBuckets == 0 {
		return
	}
	remedy, resetIn := h.limiter.Apply(h.stripes, time.Now())
	h.remedies[remedy]++
	if remedy == native.FullReset {
		b.Observe(v)
	}
	if resetIn > 0 {
		time.AfterFunc(resetIn, h.reset)
	}
}

func (h *histogram) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limiter.Reset(h.stripes, time.Now())
}

func (h *histogram) write(out *model.NativeHistogram) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var merger native.Merger
	for _, b := range h.stripes {
		merger.Add(b)
	}
	merger.Write(out)
	out.Exemplars = h.exemplars.Snapshot(out.Exemplars[:0])
}

func clientHistogram(o native.Options) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		NativeHistogramBucketFactor:     o.BucketFactor,
		NativeHistogramZeroThreshold:    o.ZeroThreshold,
		NativeHistogramMaxZeroThreshold: o.MaxZeroThreshold,
		NativeHistogramMaxBucketNumber:  o.MaxBuckets,
		NativeHistogramMinResetDuration: o.MinReset,
		NativeHistogramMaxExemplars:     o.MaxExemplars,
		NativeHistogramExemplarTTL:      o.ExemplarTTL,
	})
}

func clientWrite(t testing.TB, h prometheus.Metric) *dto.Histogram {
	t.Helper()
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.Histogram
}

// compare fails the test if a histogram differs from client_golang's.
func compare(t testing.TB, h *histogram, client prometheus.Histogram) {
	t.Helper()
	var got model.NativeHistogram
	h.write(&got)
	want := clientWrite(t, client)
	if got.Schema != want.GetSchema() || got.ZeroThreshold != want.GetZeroThreshold() || got.ZeroCount != want.GetZeroCount() {
		t.Fatalf("got schema %d, zero threshold %g, zero count %d, want %d, %g, %d",
			got.Schema, got.ZeroThreshold, got.ZeroCount,
			want.GetSchema(), want.GetZeroThreshold(), want.GetZeroCount())
	}
	compareBuckets(t, "positive", got.Positive, want.PositiveSpan, want.PositiveDelta)
	compareBuckets(t, "negative", got.Negative, want.NegativeSpan, want.NegativeDelta)
	if created := want.GetCreatedTimestamp().AsTime(); !h.limiter.LastReset().Equal(created) {
		t.Fatalf("got created timestamp %v, want %v", h.limiter.LastReset(), created)
	}
}

func compareBuckets(t testing.TB, side string, got model.NativeBuckets, spans []*dto.BucketSpan, deltas []int64) {
	t.Helper()
	var wantSpans []model.Span
	for _, s := range spans {
		wantSpans = append(wantSpans, model.Span{Offset: s.GetOffset(), Length: s.GetLength()})
	}
	if !slices.Equal(got.Spans, wantSpans) {
		t.Fatalf("got %s spans %v, want %v", side, got.Spans, wantSpans)
	}
	if !slices.Equal(got.Deltas, deltas) {
		t.Fatalf("got %s deltas %v, want %v", side, got.Deltas, deltas)
	}
	if len(got.Counts) > 0 {
		t.Fatalf("got %s float counts %v", side, got.Counts)
	}
}

func pick[T any](random *rand.Rand, choices ...T) T { return choices[random.IntN(len(choices))] }

func randomOptions(random *rand.Rand) native.Options {
	return native.Options{
		BucketFactor:     pick(random, 1.0001, 1.003, 1.02, 1.1, 1.1, 1.2, 1.5, 2, 3, 5, 100, 1e6, math.Inf(1), 1+random.ExpFloat64()),
		ZeroThreshold:    pick(random, 0, 0, -1, 1e-3, 0x1p-1060, random.Float64()),
		MaxZeroThreshold: pick(random, 0, 1e-6, 0.01, 1, 1e10, 0x1p-1050, 0x1p1023, random.Float64()),
		MaxBuckets:       pick[uint32](random, 0, 1, 2, 3, 5, 10, 20, 50),
		MinReset:         pick(random, 0, 0, -1, time.Second, time.Minute, time.Hour),
	}
}

// randomValues returns a source of values with a random distribution.
func randomValues(random *rand.Rand) func() float64 {
	spread := random.ExpFloat64() * 3
	center := random.NormFloat64() * 5
	strange := pick(random, 0, 0, 0.01, 0.1)
	negative := pick(random, 0, 0.5, 1)
	var last float64
	return func() float64 {
		v := math.Exp(center + spread*random.NormFloat64())
		switch {
		case random.Float64() < strange:
			v = pick(random, 0, math.NaN(), math.Inf(1), math.MaxFloat64,
				math.Ldexp(random.Float64(), -1065), math.Float64frombits(random.Uint64()),
				math.Ldexp(1, random.IntN(2000)-1000))
		case random.IntN(8) == 0:
			v = pick(random, 1, 2, 0.5) * last
		case random.IntN(50) == 0:
			center += random.NormFloat64()
		}
		if random.Float64() < negative {
			v = -v
		}
		last = v
		return v
	}
}
