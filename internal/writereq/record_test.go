package writereq

import (
	"reflect"
	"testing"
)

func TestRecord(t *testing.T) {
	records := []Record{
		{Body: []byte{}},
		{Counts: Counts{Samples: 1, Histograms: 200, Exemplars: 1 << 40, Metadata: 3}, NewestMs: -5, Body: []byte("body")},
	}
	for _, want := range records {
		data := want.Append(nil)
		got, err := Decode(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		for n := range len(data) - len(want.Body) {
			if _, err := Decode(data[:n]); err == nil {
				t.Errorf("no error for a head of %d bytes", n)
			}
		}
	}
}

func TestCounts(t *testing.T) {
	c := Counts{1, 2, 3, 4}
	c.Add(Counts{10, 20, 30, 40})
	if want := (Counts{11, 22, 33, 44}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	c.Sub(Counts{10, 20, 30, 40})
	if want := (Counts{1, 2, 3, 4}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
}
