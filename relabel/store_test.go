package relabel

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// reshaperOf returns a reshaper for the given steps.
func reshaperOf(t *testing.T, steps ...Step) *reshaper {
	t.Helper()
	p, err := New(steps...)
	if err != nil {
		t.Fatal(err)
	}
	var all []numbered
	for i, s := range p.stages {
		all = append(all, numbered{s, i + 1, 0})
	}
	return newReshaper(all, p.slots)
}

// classRule is a rule that needs the labels of every series.
var classRule = Rule{SourceLabels: []string{"a"}, Regex: new("(.).*"), TargetLabel: "first"}

// nowhere is a sink that remembers only the last sample.
type nowhere struct{ last string }

func (n *nowhere) Sample(f *model.Family, p *model.Point) error {
	n.last = series(f.Name, p.Labels)
	return nil
}
func (*nowhere) Drop(error) {}
func (*nowhere) Note(error) {}
func (*nowhere) Close()     {}

var _ engine.Sink = (*nowhere)(nil)

// send sends n samples whose labels depend on round.
func send(t *testing.T, sink engine.Sink, round, n int) {
	t.Helper()
	f := &model.Family{Name: "x", Type: model.Gauge}
	for i := range n {
		p := model.Point{Labels: model.RawLabels(fmt.Sprintf(`a="%d-%d"`, round, i), false)}
		if err := sink.Sample(f, &p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStoreForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reshaperOf(t, classRule)
		send(t, r.Sink(&nowhere{}), 0, 100)
		time.Sleep(forgetAfter / 3)
		steady := r.store.remembered.Load()
		if state := r.store.families[model.Family{Name: "x", Type: model.Gauge}]; state == nil || len(state.series) != 100 {
			t.Fatalf("got %+v, want 100 series to be remembered", state)
		}
		for round := range 6 { // The first series are not sent any more.
			send(t, r.Sink(&nowhere{}), 1, 100)
			time.Sleep(forgetAfter / 3)
			if got := r.store.remembered.Load(); got > 2*steady {
				t.Errorf("round %d: %d bytes, want at most twice those of 100 series", round, got)
			}
		}
		if got := r.store.remembered.Load(); got != steady {
			t.Errorf("%d bytes of 100 series are remembered, want %d", got, steady)
		}
		time.Sleep(2 * forgetAfter)
		synctest.Wait()
		if got := r.store.remembered.Load(); got != 0 || len(r.store.families)+len(r.store.interned)+len(r.store.natives) > 0 {
			t.Errorf("%d bytes are still remembered", got)
		}
		if r.store.due {
			t.Error("an empty store is still swept")
		}
	})
}

func TestStoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reshaperOf(t, classRule)
		r.store.limit = 100 * verdictSize
		out := &nowhere{}
		for round := range 50 {
			sink := r.Sink(out)
			send(t, sink, 0, 10) // These series are in every scrape.
			send(t, sink, round, 1000)
			if want := fmt.Sprintf(`x{a="%d-999",first="%d"}`, round, firstDigit(round)); out.last != want {
				t.Fatalf("got %s, want %s", out.last, want)
			}
			if got := r.store.remembered.Load(); got > r.store.limit+2*verdictSize {
				t.Fatalf("round %d: %d bytes are remembered, want at most %d", round, got, r.store.limit)
			}
			time.Sleep(15 * time.Second)
		}
		for _, state := range r.store.families {
			for i := range 10 {
				if state.series[fmt.Sprintf(`a="0-%d"`, i)] == nil {
					t.Errorf("series %d has been forgotten although it was always there", i)
				}
			}
		}
	})
}

func firstDigit(n int) int {
	for n >= 10 {
		n /= 10
	}
	return n
}

func TestFamiliesAreBounded(t *testing.T) {
	r := reshaperOf(t, classRule)
	sink := r.Sink(&nowhere{})
	for i := range 3 * maxFamilies {
		p := model.Point{Labels: model.RawLabels(`a="1"`, false)}
		if err := sink.Sample(&model.Family{Name: fmt.Sprint("x", i)}, &p); err != nil {
			t.Fatal(err)
		}
	}
	if f, i := len(r.store.families), len(r.store.interned); f > maxFamilies || i > maxFamilies {
		t.Errorf("%d families are remembered and %d interned, want at most %d", f, i, maxFamilies)
	}
}

// TestLayoutsAreTold checks that a verdict is not used for a histogram with other buckets.
func TestLayoutsAreTold(t *testing.T) {
	r := reshaperOf(t, Rule{Action: Drop, SourceLabels: []string{"le"}, Regex: new("0.5")})
	state := r.state(&model.Family{Name: "h", Type: model.Histogram})
	for range 2 {
		for _, bounds := range [][]float64{{0.5, 1}, {1, 2}, nil} {
			v := state.verdict(r, &model.Point{Histogram: &model.HistogramValue{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}})
			if got, want := v.edit != nil, len(bounds) > 0 && bounds[0] == 0.5; got != want {
				t.Errorf("with the bounds %v, buckets are dropped: %t, want %t", bounds, got, want)
			}
		}
	}
}

// body is a source whose strings are in memory that is reused.
type body struct {
	memory []byte
	family *model.Family
	series []model.Labels
}

func newBody(memory []byte, n int) *body {
	b := &body{memory: memory[:0]}
	text := func(s string) string {
		start := len(b.memory)
		b.memory = append(b.memory, s...)
		return unsafe.String(&b.memory[start], len(s))
	}
	b.family = &model.Family{Name: text("requests"), Help: text("Help."), Unit: text("unit"), Type: model.Gauge}
	for i := range n {
		b.series = append(b.series, model.RawLabels(text(fmt.Sprintf(`a="%d",b="\\x"`, i)), false))
	}
	return b
}

func (b *body) Family() *model.Family { return b.family }
func (b *body) Mixed() bool           { return true }
func (b *body) Series() model.Series  { return b }
func (b *body) Len() int              { return len(b.series) }
func (b *body) At(i int, p *model.Point, _ *model.Scratch) {
	p.SetNumber(b.series[i], float64(i))
}

// readAll returns all series of sources as text.
func readAll(sources []model.Source) (all []string) {
	var (
		p       model.Point
		scratch model.Scratch
	)
	for _, source := range sources {
		s := source.Series()
		for i := range s.Len() {
			s.At(i, &p, &scratch)
			all = append(all, strings.Clone(series(source.Family().Name, p.Labels)))
		}
	}
	return all
}

// TestNothingOfABodyIsKept overwrites the memory of a remote target's response after it has been served,
// and checks that later results do not change.
func TestNothingOfABodyIsKept(t *testing.T) {
	pipelines := map[string][]Step{
		"by label":  {classRule},
		"unchanged": {Rule{Action: Drop, SourceLabels: []string{"a"}, Regex: new("none")}},
		"by family": {DropFamilies{Families: []string{"none"}}},
		"renamed":   {Rename{Replacement: "x_$1"}},
		"copied":    {Rule{SourceLabels: []string{"a"}, Regex: new("[13]"), TargetLabel: "a", Replacement: new("9")}},
		"wrong":     {Rule{Action: LabelDrop, Regex: new("__name__")}},
	}
	for name, steps := range pipelines {
		t.Run(name, func(t *testing.T) {
			r := reshaperOf(t, steps...)
			memory := make([]byte, 1<<12)
			report := func(int, error) {}
			want := readAll(r.Sources(newBody(memory, 5), report))
			for i := range memory {
				memory[i] = '#'
			}
			for f, state := range r.store.families {
				poisoned(t, f.Name, f.Help, f.Unit, state.family.Name)
				for text, v := range state.series {
					poisoned(t, text, v.labels.Text())
					for _, err := range v.errs {
						poisoned(t, err.Error())
					}
				}
			}
			for f, own := range r.store.interned {
				poisoned(t, f.Name, f.Help, f.Unit, own.Name, own.Help, own.Unit)
			}
			got := readAll(r.Sources(newBody(make([]byte, 1<<12), 5), report))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func poisoned(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(text, "#") {
			t.Errorf("%q lies in memory that is used again", text)
		}
	}
}

// TestBodyIsFreed checks that the store does not keep the memory of a response alive.
func TestBodyIsFreed(t *testing.T) {
	r := reshaperOf(t, classRule)
	var ref weak.Pointer[[1 << 16]byte]
	func() {
		memory := new([1 << 16]byte)
		ref = weak.Make(memory)
		readAll(r.Sources(newBody(memory[:], 5), func(int, error) {}))
	}()
	collected(t, ref)
	runtime.KeepAlive(r)
}

// collected waits until the garbage collector has freed the value that ref refers to.
func collected[T any](t *testing.T, ref weak.Pointer[T]) {
	t.Helper()
	for range 10 {
		runtime.GC()
		if ref.Value() == nil {
			return
		}
	}
	t.Error("it is still kept")
}

// TestVectorsAreFreed checks that a gatherer does not keep an unregistered vector alive for long.
func TestVectorsAreFreed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(classRule)
		if err != nil {
			t.Fatal(err)
		}
		reg := metric.NewContextRegistry()
		g := p.Gatherer(reg)
		var ref weak.Pointer[metric.GaugeVec]
		func() {
			v := metric.NewGaugeVec(metric.GaugeOpts{Name: "x"}, []string{"a"})
			ref = weak.Make(v)
			reg.MustRegister(v)
			v.WithLabelValues("1").Set(1)
			if _, err := g.Gather(); err != nil {
				t.Fatal(err)
			}
			reg.Unregister(v)
			if _, err := g.Gather(); err != nil {
				t.Fatal(err)
			}
		}()
		time.Sleep(2 * forgetAfter)
		synctest.Wait()
		collected(t, ref)
		runtime.KeepAlive(g)
	})
}

// TestGathererIsFreed checks that the store's timer does not keep the store alive.
func TestGathererIsFreed(t *testing.T) {
	var ref weak.Pointer[store]
	func() {
		r := reshaperOf(t, classRule)
		send(t, r.Sink(&nowhere{}), 0, 1)
		ref = weak.Make(r.store)
	}()
	collected(t, ref)
}

// TestChurn checks that the store does not grow while series of a vector come and go.
func TestChurn(t *testing.T) {
	p, err := New(classRule, Rule{Action: LabelDrop, Regex: new("b")})
	if err != nil {
		t.Fatal(err)
	}
	reg := metric.NewContextRegistry()
	v := metric.NewGaugeVec(metric.GaugeOpts{Name: "x"}, []string{"a", "b"})
	reg.MustRegister(v, prometheus.NewGauge(prometheus.GaugeOpts{Name: "y"}))
	g := p.Gatherer(reg)
	var first uint64
	for round := range 60 {
		v.Reset()
		for i := range 1000 {
			v.WithLabelValues(fmt.Sprint(round, "-", i), "x").Set(1)
		}
		families, err := g.GatherWithContext(context.Background())
		if err != nil || len(families[0].GetMetric()) != 1000 {
			t.Fatalf("got %d series and error %v", len(families[0].GetMetric()), err)
		}
		if round == 10 {
			first = heap()
		}
	}
	if last := heap(); last > first+4<<20 {
		t.Errorf("the heap has grown from %d to %d bytes", first, last)
	}
	runtime.KeepAlive(g)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
