package native_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/native"
)

func exemplarNow(v float64) *model.Exemplar {
	return &model.Exemplar{Value: v, Timestamp: model.Instant{Nanos: time.Now().UnixNano(), Valid: true}}
}

func newExemplars(o native.Options) *native.Exemplars {
	o.BucketFactor = 1.1
	e := new(native.Exemplars)
	e.Init(native.NewConfig(o))
	return e
}

func values(e *native.Exemplars) []float64 {
	var values []float64
	for _, x := range e.Snapshot(nil) {
		values = append(values, x.Value)
	}
	return values
}

func TestExemplarsEqualClientGolang(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			o := native.Options{
				BucketFactor: 1.1,
				MaxExemplars: pick(random, -1, 0, 1, 2, 3, 5, 20),
				ExemplarTTL:  pick(random, -2, -time.Hour, 0, time.Second, time.Minute),
			}
			sameExemplarsAsClient(t, random, o)
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func sameExemplarsAsClient(t *testing.T, random *rand.Rand, o native.Options) {
	e, client := newExemplars(o), clientHistogram(o)
	observer, ok := client.(prometheus.ExemplarObserver)
	if !ok {
		t.Fatal("client_golang's histogram takes no exemplars")
	}
	next := randomValues(random)
	pause := pick(random, 0, 0.1, 1)
	for i := range 100 {
		v := next()
		e.Add(exemplarNow(v))
		observer.ObserveWithExemplar(v, prometheus.Labels{})
		if random.Float64() < pause {
			time.Sleep(pick(random, 1, time.Millisecond, time.Second, 20*time.Second, 2*time.Minute))
		}
		got, want := e.Snapshot(nil), clientWrite(t, client).Exemplars
		if len(got) != len(want) {
			t.Fatalf("after %d exemplars: got %d, want %d", i+1, len(got), len(want))
		}
		for j := range got {
			if got[j].Value != want[j].GetValue() || got[j].Timestamp.Nanos != want[j].Timestamp.AsTime().UnixNano() {
				t.Fatalf("after %d exemplars: got %+v at %d, want %v", i+1, got[j], j, want[j])
			}
		}
	}
}

func TestExemplars(t *testing.T) {
	for _, test := range []struct {
		name    string
		options native.Options
		pause   time.Duration // pause after each exemplar
		values  []float64
		want    []float64
	}{
		{"sorted by value", native.Options{}, 0, []float64{3, 1, 2}, []float64{1, 2, 3}},
		{"ten by default", native.Options{}, 0, []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 513},
			[]float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 513}},
		{"none", native.Options{MaxExemplars: -1}, 0, []float64{1, 2}, nil},
		{"one", native.Options{MaxExemplars: 1}, 0, []float64{1, 2, 1.5}, []float64{1.5}},
		{"NaN is none", native.Options{}, 0, []float64{1, math.NaN()}, []float64{1}},
		{"the older of the closest pair makes way", native.Options{MaxExemplars: 3}, time.Second,
			[]float64{1, 10, 11, 1000}, []float64{1, 11, 1000}},
		{"a close neighbour of the new one makes way", native.Options{MaxExemplars: 3}, time.Second,
			[]float64{1, 10, 1000, 1001}, []float64{1, 10, 1001}},
		{"the oldest has expired", native.Options{MaxExemplars: 3, ExemplarTTL: time.Second}, time.Second,
			[]float64{1, 10, 11, 1000}, []float64{10, 11, 1000}},
		{"the oldest always makes way", native.Options{MaxExemplars: 2, ExemplarTTL: -1}, 0,
			[]float64{1, 10, 11}, []float64{10, 11}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newExemplars(test.options)
				for _, v := range test.values {
					e.Add(exemplarNow(v))
					time.Sleep(test.pause)
				}
				if got := values(e); !slices.Equal(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			})
		})
	}
}

func TestExemplarsZeroValueKeepsNone(t *testing.T) {
	var e native.Exemplars
	e.Add(exemplarNow(1))
	if got := values(&e); got != nil {
		t.Errorf("kept %v", got)
	}
}

func TestExemplarsSnapshotAppends(t *testing.T) {
	e := newExemplars(native.Options{})
	first := exemplarNow(7)
	e.Add(exemplarNow(1))
	if got := e.Snapshot([]*model.Exemplar{first}); len(got) != 2 || got[0] != first || got[1].Value != 1 {
		t.Errorf("got %v", got)
	}
}

func TestExemplarsConcurrentSafe(t *testing.T) {
	e := newExemplars(native.Options{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 500 {
				e.Add(exemplarNow(float64(i*1000 + j)))
				if got := e.Snapshot(nil); len(got) > 10 {
					t.Errorf("%d exemplars", len(got))
				}
			}
		})
	}
	wg.Wait()
}
