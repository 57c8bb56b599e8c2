package encode_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

// TestRandomFamiliesSameAsExpfmt compares random expositions with the output of expfmt.
func TestRandomFamiliesSameAsExpfmt(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for name, opts := range sameVariants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range rounds {
				g := generator{rand.New(rand.NewPCG(uint64(seed), 1))}
				same(t, opts, g.families())
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// generator makes random expositions.
type generator struct{ *rand.Rand }

func (g generator) one(in int) bool { return g.IntN(in) == 0 }

func (g generator) families() []*family {
	families := make([]*family, g.IntN(6))
	for i := range families {
		f := &family{Family: model.Family{
			Name: g.name() + pick(g, "", "_total", "_seconds", "_seconds_total", ".seconds"),
			Help: g.text(), NoHelp: g.one(4), Unit: pick(g, "", "seconds", "bytes"),
			Type: model.Type(g.IntN(6)),
		}}
		bounds := g.bounds()
		for range g.IntN(8) {
			if g.one(4) {
				bounds = g.bounds()
			}
			f.points = append(f.points, g.point(f.Type, bounds))
		}
		families[i] = f
	}
	return families
}

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) name() string {
	return pick(g, "a", "a_b", "a.b", "http:x", "ä", "1", "\\", "\"", "\n", "_", "", "日本", "a b", "x\U0001F600") +
		pick(g, "", "", "z", ".", "_", "é9")
}

func (g generator) text() string {
	return strings.Repeat(pick(g, "", "plain", "\"", "\\", "\n", "ünï", "x\"y\\z\n", "\\\\n"), pick(g, 1, 1, 2, 40))
}

// float returns numbers of every kind: special numbers, whole numbers, numbers with few decimals, and
// any.
func (g generator) float() float64 {
	switch g.IntN(8) {
	case 0:
		return pick(g, 0, math.Copysign(0, -1), nan, inf, math.Inf(-1), 1, -1, math.MaxFloat64, 5e-324)
	case 1, 2:
		return float64(g.Int64N(1 << (1 + g.IntN(62))))
	case 3:
		return -float64(g.IntN(1000))
	case 4, 5:
		return float64(g.IntN(1e9)) / math.Pow10(g.IntN(12))
	case 6:
		return g.NormFloat64() * math.Pow10(g.IntN(30)-15)
	default:
		return math.Float64frombits(g.Uint64())
	}
}

func (g generator) count() uint64 { return g.Uint64() >> g.IntN(64) }

func (g generator) floatCount() float64 {
	if g.one(3) {
		return g.float()
	}
	return 0
}

func (g generator) instant() model.Instant {
	return model.Instant{Valid: g.one(2), Nanos: pick(g, 0, 1, -1, 1e9, 1_700_000_000_123_456_789, int64(g.Uint64()))}
}

func (g generator) labels() model.Labels {
	var list []model.Label
	for range g.IntN(4) {
		l := model.Label{Name: strings.ReplaceAll(g.name(), ":", ""), Value: g.text()} // For colons see TestColonInLabelName.
		if l.Name != "" && !slices.ContainsFunc(list, func(o model.Label) bool { return o.Name == l.Name }) {
			list = append(list, l)
		}
	}
	l, _ := model.NewLabels(list) // Lists with a reserved name become empty.
	return l
}

func (g generator) exemplar() *model.Exemplar {
	if g.one(2) {
		return nil
	}
	return &model.Exemplar{Labels: g.labels(), Value: g.float(), Timestamp: g.instant()}
}

func (g generator) bounds() []float64 {
	bounds := make([]float64, g.IntN(6))
	for i := range bounds {
		bounds[i] = g.float()
	}
	slices.Sort(bounds)
	return bounds
}

func (g generator) point(typ model.Type, bounds []float64) model.Point {
	p := model.Point{Labels: g.labels(), HasTimestamp: g.one(3), TimestampMs: int64(g.Uint64()) >> g.IntN(64)}
	switch typ {
	case model.Histogram, model.GaugeHistogram:
		p.Created = g.instant()
		p.Histogram = g.histogram(bounds)
	case model.Summary:
		p.Created = g.instant()
		p.Summary = &model.SummaryValue{Count: g.count(), Sum: g.float()}
		for _, at := range bounds {
			p.Summary.Quantiles = append(p.Summary.Quantiles, model.Quantile{Quantile: at, Value: g.float()})
		}
	case model.Counter:
		p.Created, p.Exemplar, p.Value = g.instant(), g.exemplar(), g.float()
	default:
		p.Value = g.float()
	}
	return p
}

func (g generator) histogram(bounds []float64) *model.HistogramValue {
	h := &model.HistogramValue{Count: g.count(), Sum: g.float()}
	float := g.one(4)
	if float {
		h.CountFloat = g.floatCount()
	}
	for _, bound := range bounds {
		b := model.Bucket{UpperBound: bound, Count: g.count(), Exemplar: g.exemplar()}
		if float {
			b.CountFloat = g.floatCount()
		}
		h.Buckets = append(h.Buckets, b)
	}
	if g.one(3) {
		h.Native = &model.NativeHistogram{
			Schema: int32(g.Uint32()), ZeroThreshold: g.float(), ZeroCount: g.count(), ZeroCountFloat: g.floatCount(),
			Positive: g.native(float), Negative: g.native(float),
		}
		for range g.IntN(3) {
			if e := g.exemplar(); e != nil {
				h.Native.Exemplars = append(h.Native.Exemplars, e)
			}
		}
	}
	return h
}

func (g generator) native(float bool) (b model.NativeBuckets) {
	for range g.IntN(4) {
		b.Spans = append(b.Spans, model.Span{Offset: int32(g.Uint32()), Length: g.Uint32() >> g.IntN(32)})
		if float {
			b.Counts = append(b.Counts, g.float())
		} else {
			b.Deltas = append(b.Deltas, int64(g.Uint64())>>g.IntN(64))
		}
	}
	return b
}
