package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/engine"
)

func TestDropped(t *testing.T) {
	errBad, errOdd := errors.New("bad"), errors.New("odd")
	tests := []struct {
		name  string
		add   func(d *engine.Dropped)
		count int
		want  []string
	}{
		{"nothing", func(*engine.Dropped) {}, 0, nil},
		{"a sample", func(d *engine.Dropped) { d.Add(errBad) }, 1, []string{"bad"}},
		{"a note", func(d *engine.Dropped) { d.Note(errOdd) }, 0, []string{"odd"}},
		{"both", func(d *engine.Dropped) { d.Note(errOdd); d.Add(errBad) }, 1, []string{"bad", "odd"}},
		{"the same again", func(d *engine.Dropped) { d.Add(errBad); d.Add(nil); d.Add(nil) }, 3, []string{"bad", "2 more samples were left out"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d engine.Dropped
			tt.add(&d)
			var got []string
			for _, err := range d.Errors() {
				got = append(got, err.Error())
			}
			if d.Count() != tt.count || !slices.Equal(got, tt.want) {
				t.Errorf("got %d and %q, want %d and %q", d.Count(), got, tt.count, tt.want)
			}
		})
	}
}

func TestDroppedIsBounded(t *testing.T) {
	var d engine.Dropped
	for i := range 1000 {
		d.Add(fmt.Errorf("sample %d", i))
		d.Note(fmt.Errorf("note %d", i))
	}
	if n := len(d.Errors()); n > 200 || d.Count() != 1000 {
		t.Errorf("got %d errors and a count of %d", n, d.Count())
	}
}
