package clientmodel_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// TestDecodeLabelsInTurn checks that earlier metrics do not affect the results of a decoder. It decodes
// metrics with the label names of the previous metric, with other names, with invalid names, and of
// other types.
func TestDecodeLabelsInTurn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "c", "ab", "d.e", "le", "quantile", "", "__x", "\xff", "a,b=\""}
	values := []string{"", "1", "x,b=\"", "\\", "\"", "\n", "é", "\xff"}
	random := func() *dto.Metric {
		m := new(dto.Metric)
		usual := 3 + r.IntN(3)*r.IntN(len(names)-2)
		for range r.IntN(4) {
			m.Label = append(m.Label, pairs(names[r.IntN(min(usual, len(names)))], values[r.IntN(len(values)-r.IntN(2))])...)
		}
		if r.IntN(2) == 0 {
			m.Gauge = &dto.Gauge{Value: new(1.0)}
		} else {
			m.Histogram = &dto.Histogram{SampleCount: new(uint64(1))}
		}
		return m
	}
	result := func(d *clientmodel.Decoder, m *dto.Metric) string {
		kind, err := clientmodel.TypeOf(m)
		if err != nil {
			t.Fatal(err)
		}
		var p model.Point
		err = d.Point(m, kind, &p)
		return fmt.Sprintf("{%s} %t %v", p.Labels.Text(), p.Labels.Quoted(), err)
	}
	valid, invalid := 0, 0
	var used clientmodel.Decoder
	for i := range 20_000 {
		if i%100 == 0 {
			used = used.Renewed()
		}
		m := random()
		for range 1 + r.IntN(3) {
			got, want := result(&used, m), result(new(clientmodel.Decoder), m)
			if got != want {
				t.Fatalf("metric %d, %v, gives %s, want %s", i, m, got, want)
			}
			if want[len(want)-len("<nil>"):] == "<nil>" {
				valid++
			} else {
				invalid++
			}
			for _, pair := range m.Label { // the same names again
				pair.Value = &values[r.IntN(len(values)-1)]
			}
			if r.IntN(2) == 0 { // As another type, which may allow labels that this one forbids.
				m.Gauge, m.Histogram = &dto.Gauge{Value: new(1.0)}, nil
			} else {
				m.Gauge, m.Histogram = nil, &dto.Histogram{SampleCount: new(uint64(1))}
			}
		}
	}
	if valid < 1000 || invalid < 1000 {
		t.Errorf("%d valid and %d invalid metrics: they are too much alike", valid, invalid)
	}
}

// TestDecodeLabelsOfReusedMemory checks that a decoder keeps no names that lie in memory of its caller.
func TestDecodeLabelsOfReusedMemory(t *testing.T) {
	var (
		d clientmodel.Decoder
		p model.Point
	)
	name := []byte("a")
	for _, want := range []string{`a="1"`, `b="1"`} {
		name[0] = want[0]
		m := &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}, Label: pairs(volatile(name), "1")}
		if err := d.Point(m, model.Gauge, &p); err != nil || p.Labels.Text() != want {
			t.Errorf("the labels are %s, want %s: %v", p.Labels.Text(), want, err)
		}
	}
}

// TestRenewed checks that a decoder with the memory of another one keeps no large buffers, and works
// like a new decoder.
func TestRenewed(t *testing.T) {
	var d clientmodel.Decoder
	for _, size := range []int{1, 100_000} {
		var p model.Point
		m := &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}, Label: pairs("a", string(make([]byte, size)))}
		if err := d.Point(m, model.Gauge, &p); err != nil || len(p.Labels.Text()) != size+len(`a=""`) {
			t.Errorf("of %d bytes, %d are left: %v", size, len(p.Labels.Text()), err)
		}
		d = d.Renewed()
	}
	small := &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}, Label: pairs("a", "1")}
	if got := testing.AllocsPerRun(10, func() {
		var p model.Point
		_ = d.Point(small, model.Gauge, &p)
		d = d.Renewed()
	}); got != 0 {
		t.Errorf("%v allocations with the memory of another", got)
	}
}
