package metric_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

type requestLabels struct {
	Method string
	Code   int
}

// verb is an enumeration.
type verb uint8

func (v verb) String() string { return [...]string{"get", "put"}[v] }

type peerLabels struct {
	Zone string
	Port uint16
}

// allKinds has a field of each kind that a label can have.
type allKinds struct {
	Method  string
	A       int
	B       int8
	C       int16
	D       int32
	E       int64
	F       uint
	G       uint8
	H       uint16
	I       uint32
	J       uint64
	Cached  bool
	Verb    verb
	Timeout time.Duration
	Addr    netip.Addr
	Any     fmt.Stringer
	Peer    peerLabels
}

func randomKinds(r *rand.Rand) allKinds {
	n := r.Uint64() >> r.IntN(64)
	texts := []string{"", "GET", "a\"b\\c\nd", strings.Repeat("long", 10), "sixteen bytes ..", "é"}
	return allKinds{
		texts[r.IntN(len(texts))], int(n), int8(n), int16(n), int32(n), int64(n), uint(n), uint8(n), uint16(n), uint32(n), n, n%2 == 0, verb(n % 2),
		time.Duration(n), netip.AddrFrom4([4]byte{byte(n)}), verb(n % 2), peerLabels{texts[r.IntN(len(texts))], uint16(n)},
	}
}

// labelValues returns the label values of l. It computes them without the code under test.
func (l *allKinds) labelValues() []string {
	number := func(n any) string { return fmt.Sprintf("%d", n) }
	return []string{
		l.Method, number(l.A), number(l.B), number(l.C), number(l.D), number(l.E), number(l.F), number(l.G), number(l.H), number(l.I), number(l.J),
		strconv.FormatBool(l.Cached), l.Verb.String(), l.Timeout.String(), l.Addr.String(), l.Any.String(), l.Peer.Zone, number(l.Peer.Port),
	}
}

// TestVecOfIsItsVec checks that the struct and its label values find the same series, of each kind of vector.
func TestVecOfIsItsVec(t *testing.T) {
	counters := metric.NewCounterVecOf[allKinds](metric.CounterOpts{Name: "c_total"})
	gauges := metric.NewGaugeVecOf[allKinds](metric.GaugeOpts{Name: "g"})
	histograms := metric.NewHistogramVecOf[allKinds](metric.HistogramOpts{Name: "h"})
	summaries := metric.NewSummaryVecOf[allKinds](metric.SummaryOpts{Name: "s"})
	r := rand.New(rand.NewPCG(3, 4))
	pool := make([]allKinds, 100)
	for i := range pool {
		pool[i] = randomKinds(r)
	}
	for range 5000 {
		l := pool[r.IntN(len(pool))]
		values := l.labelValues()
		same := func(kind string, typed, plain any) {
			if typed != plain {
				t.Fatalf("%s: %+v is %v, and %q is %v", kind, l, typed, values, plain)
			}
		}
		same("counters", counters.With(l), counters.Vec().WithLabelValues(values...))
		same("gauges", gauges.With(l), gauges.Vec().WithLabelValues(values...))
		same("histograms", histograms.With(l), histograms.Vec().WithLabelValues(values...))
		same("summaries", summaries.With(l), summaries.Vec().WithLabelValues(values...))
		if r.IntN(20) == 0 && !counters.Delete(l) {
			t.Fatalf("%+v cannot be deleted", l)
		}
	}
}

// vecOf has the methods that the typed vectors have in common. M is an instrument.
type vecOf[M any] interface {
	prometheus.Collector
	With(labels requestLabels) M
	GetMetricWith(labels requestLabels) (M, error)
	Delete(labels requestLabels) bool
	DeletePartialMatch(labels metric.Labels) int
	Reset()
}

func TestVecOf(t *testing.T) {
	t.Run("counters", func(t *testing.T) { testVecOf(t, metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "m"})) })
	t.Run("gauges", func(t *testing.T) { testVecOf(t, metric.NewGaugeVecOf[requestLabels](metric.GaugeOpts{Name: "m"})) })
	t.Run("histograms", func(t *testing.T) {
		testVecOf(t, metric.NewHistogramVecOf[requestLabels](metric.HistogramOpts{Name: "m"}))
	})
	t.Run("summaries", func(t *testing.T) { testVecOf(t, metric.NewSummaryVecOf[requestLabels](metric.SummaryOpts{Name: "m"})) })
}

func testVecOf[M comparable](t *testing.T, v vecOf[M]) {
	get, put := requestLabels{"GET", 200}, requestLabels{"PUT", 200}
	first := v.With(get)
	for range 3 {
		if m, err := v.GetMetricWith(get); m != first || err != nil || v.With(get) != first {
			t.Errorf("got %v and error %v, want the same instrument", m, err)
		}
	}
	if v.With(put) == first {
		t.Error("other labels have the same instrument")
	}
	if all := collected(t, v); len(all) != 2 || fmt.Sprint(all[0].GetLabel()) != fmt.Sprint(written(t, first).GetLabel()) {
		t.Errorf("collected %v", all)
	}
	if want := `variableLabels: {method,code}`; !strings.Contains(described(v).String(), want) {
		t.Errorf("described as %v, want %s", described(v), want)
	}

	if !v.Delete(get) || v.Delete(get) || v.With(get) == first {
		t.Error("a series that was deleted has come back")
	}
	if v.DeletePartialMatch(metric.Labels{"code": "404"}) != 0 || v.DeletePartialMatch(metric.Labels{"code": "200"}) != 2 {
		t.Error("DeletePartialMatch has not deleted both")
	}
	again := v.With(get)
	v.With(get)
	v.Reset()
	if len(collected(t, v)) != 0 || v.With(get) == again {
		t.Error("a series has survived Reset")
	}

	invalid := requestLabels{"\xff", 200}
	m, err := v.GetMetricWith(invalid)
	var none M
	if want := `label value "\xff" is not valid UTF-8: it was given for label "method"`; err == nil || !strings.Contains(err.Error(), want) || m != none {
		t.Errorf("got %v and error %v, want %s", m, err, want)
	}
	wantPanic(t, err, func() { v.With(invalid) })
	if v.Delete(invalid) {
		t.Error("what cannot exist was deleted")
	}
}

// TestVecOfDoesNotAllocate checks that looking up a series does not allocate from the third time
// on.
func TestVecOfDoesNotAllocate(t *testing.T) {
	type manyLabels struct {
		requestLabels
		A, B, C, D, E, F, G, H string
		Timeout                time.Duration
	}
	type calledLabels struct {
		Method string
		Peer   constantStringer
	}
	counters := metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "c"})
	gauges := metric.NewGaugeVecOf[requestLabels](metric.GaugeOpts{Name: "g"})
	histograms := metric.NewHistogramVecOf[requestLabels](metric.HistogramOpts{Name: "h"})
	summaries := metric.NewSummaryVecOf[requestLabels](metric.SummaryOpts{Name: "s"})
	many := metric.NewCounterVecOf[manyLabels](metric.CounterOpts{Name: "m"})
	called := metric.NewCounterVecOf[calledLabels](metric.CounterOpts{Name: "f"})
	long := strings.Repeat("long", 20)
	code := 200
	for name, f := range map[string]func(){
		"counter":         func() { counters.With(requestLabels{"GET", code}).Inc() },
		"long value":      func() { counters.With(requestLabels{long, code}).Inc() },
		"GetMetricWith":   func() { _, _ = counters.GetMetricWith(requestLabels{"GET", code}) },
		"gauge":           func() { gauges.With(requestLabels{"GET", code}).Set(1) },
		"histogram":       func() { histograms.With(requestLabels{"GET", code}).Observe(1) },
		"summary":         func() { summaries.With(requestLabels{"GET", code}).Observe(1) },
		"many labels":     func() { many.With(manyLabels{A: "a", H: long, Timeout: time.Second}).Inc() },
		"called Stringer": func() { called.With(calledLabels{"GET", constantStringer{long}}).Inc() },
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				f()
			}
			wantAllocs(t, 0, f)
		})
	}
}

// constantStringer is a struct whose String method does not allocate.
type constantStringer struct{ s string }

func (s constantStringer) String() string { return s.s }

// funcStringer calls a function in its String method.
type funcStringer func() string

func (f funcStringer) String() string { return f() }

type funcLabels struct{ F funcStringer }

// TestStringersOfUsers checks that String methods may panic and may use the vector.
func TestStringersOfUsers(t *testing.T) {
	v := metric.NewCounterVecOf[funcLabels](metric.CounterOpts{Name: "c_total"})
	boom := any("boom")
	labels := funcLabels{func() string { panic(boom) }}
	for range 3 {
		if got := recovered(func() { v.With(labels) }); got != boom {
			t.Errorf("got the panic %v", got)
		}
		if got := recovered(func() { v.Delete(labels) }); got != boom {
			t.Errorf("got the panic %v", got)
		}
	}
	outer := funcLabels{func() string {
		v.With(funcLabels{func() string { return "inner" }}).Inc()
		v.Delete(funcLabels{func() string { return "other" }})
		return "outer"
	}}
	for range 3 {
		v.With(outer).Inc()
		v.With(funcLabels{}).Inc()
	}
	v.Vec().WithLabelValues("other").Inc()
	for value, want := range map[string]float64{"inner": 3, "outer": 3, "": 3, "other": 1} {
		if got := v.Vec().WithLabelValues(value).Get(); got != want {
			t.Errorf("%q is %v, want %v", value, got, want)
		}
	}
	if n := len(collected(t, v)); n != 4 {
		t.Errorf("there are %d series", n)
	}
}

// TestChangingStringer checks that lookups find the series of the current result of String.
func TestChangingStringer(t *testing.T) {
	v := metric.NewGaugeVecOf[funcLabels](metric.GaugeOpts{Name: "g"})
	n := 0
	labels := funcLabels{func() string { n++; return strconv.Itoa(n % 3) }}
	for range 30 {
		v.With(labels).Inc()
	}
	for _, value := range []string{"0", "1", "2"} {
		if got := v.Vec().WithLabelValues(value).Get(); got != 10 {
			t.Errorf("%s is %v, want 10", value, got)
		}
	}
}

// TestNothingIsLostToDeletedSeries checks that an increment after Delete has returned goes to an
// exposed series.
func TestNothingIsLostToDeletedSeries(t *testing.T) {
	v := metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "c_total"})
	remove := map[int]func(l requestLabels){
		0: func(l requestLabels) { v.Delete(l) },
		1: func(l requestLabels) { v.DeletePartialMatch(metric.Labels{"method": l.Method}) },
		2: func(l requestLabels) { v.Vec().DeleteLabelValues(l.Method, strconv.Itoa(l.Code)) },
	}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			l := requestLabels{fmt.Sprint("of worker ", worker), worker}
			for i := range 1000 {
				for range 3 {
					v.With(l).Inc()
					v.With(requestLabels{"shared by all workers", i % 10}).Inc()
				}
				if got := v.Vec().WithLabelValues(l.Method, strconv.Itoa(l.Code)).Get(); got != 3 {
					t.Errorf("the series is %v after 3 increments", got)
					return
				}
				remove[worker%len(remove)](l)
			}
		})
	}
	wg.Wait()
}

func TestLabelNames(t *testing.T) {
	if got, err := metric.LabelNames[requestLabels](); err != nil || !slices.Equal(got, []string{"method", "code"}) {
		t.Errorf("got %q and error %v", got, err)
	}
	type wrong struct {
		Peer struct{ Weight float64 }
	}
	names, err := metric.LabelNames[wrong]()
	if err == nil || names != nil {
		t.Fatalf("got %q and error %v", names, err)
	}
	for prefix, f := range map[string]func(){
		`counter "a_c_total": `: func() { metric.NewCounterVecOf[wrong](metric.CounterOpts{Namespace: "a", Name: "c_total"}) },
		`gauge "a_g": `:         func() { metric.NewGaugeVecOf[wrong](metric.GaugeOpts{Subsystem: "a", Name: "g"}) },
		`histogram "h": `:       func() { metric.NewHistogramVecOf[wrong](metric.HistogramOpts{Name: "h"}) },
		`summary "s": `:         func() { metric.NewSummaryVecOf[wrong](metric.SummaryOpts{Name: "s"}) },
	} {
		if got := panicMessage(t, f); got != prefix+err.Error() {
			t.Errorf("got the panic %s", got)
		}
	}
}

// TestReservedLabelNames checks that vectors refuse label names that their kind of sample reserves.
func TestReservedLabelNames(t *testing.T) {
	type both struct{ Le, Quantile string }
	metric.NewCounterVecOf[both](metric.CounterOpts{Name: "c"})
	metric.NewGaugeVecOf[both](metric.GaugeOpts{Name: "g"})
	for want, f := range map[string]func(){
		`field Le is the label "le"`:             func() { metric.NewHistogramVecOf[both](metric.HistogramOpts{Name: "h"}) },
		`field Quantile is the label "quantile"`: func() { metric.NewSummaryVecOf[both](metric.SummaryOpts{Name: "s"}) },
	} {
		if got := panicMessage(t, f); !strings.Contains(got, want) {
			t.Errorf("got the panic %s, want %s", got, want)
		}
	}
}
