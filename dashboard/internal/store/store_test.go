package store_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

func TestNumbers(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	if s.Latest() != nil {
		t.Error("an empty store has a snapshot")
	}
	first := sample(s, start, counters("a_total", number(1, "x", "1"), number(2, "x", `2"`)), counters("b_total", number(3)))
	second := sample(s, start.Add(time.Second), counters("a_total", number(1, "x", "1"), number(5, "x", `2"`)), counters("b_total", number(4)))
	if s.Latest() != second || second.Series != 3 || second.Omitted != 0 {
		t.Errorf("the latest snapshot is %+v, want that with 3 series", s.Latest())
	}
	if first.Find("a_total").Series[1] != second.Find("a_total").Series[1] || &first.Families[0] != &second.Families[0] {
		t.Error("snapshots do not share what has not changed")
	}
	series := find(t, second, "a_total", "x", `2"`)
	if series.Labels[0] != (model.Label{Name: "x", Value: `2"`}) {
		t.Errorf("labels %v", series.Labels)
	}
	if got := numbersOf(first, series)[0]; got != 2 {
		t.Errorf("the first snapshot has %v, want 2", got)
	}
	if got := past(s, series.Cols[0]); got != "[2 5]" {
		t.Errorf("the past is %s, want [2 5]", got)
	}
	times, numbers := s.Range(start, series.Cols)
	if len(times) != 1 || !times[0].Equal(start.Add(time.Second)) || text(numbers[0]) != "[5]" {
		t.Errorf("Range after the first sample: %v %v", times, numbers)
	}
	if second.Find("a") != nil || second.Find("z") != nil {
		t.Error("found a family that is not there")
	}
}

// TestAppearing checks that the past of a series has gaps for the samples in which the series was missing.
func TestAppearing(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	one, two, three := number(1, "x", "1"), number(2, "x", "2"), number(3, "x", "3")
	orders := [][]model.Point{
		{two}, {one, two}, {one, two, three}, {one, three}, {three, one}, {two, three, one}, {one, two, three}, {}, {two},
	}
	for i, points := range orders {
		got := sample(s, start.Add(time.Duration(i)*time.Second), counters("a_total", points...), counters("b_total", one))
		if got.Series != len(points)+1 {
			t.Fatalf("sample %d has %d series, want %d", i, got.Series, len(points)+1)
		}
	}
	latest := s.Latest()
	if got := past(s, find(t, latest, "a_total", "x", "2").Cols[0]); got != "[2 2 2 - - 2 2 - 2]" {
		t.Errorf("the past of 2 is %s", got)
	}
	if got := past(s, find(t, latest, "b_total", "x", "1").Cols[0]); got != "[1 1 1 1 1 1 1 1 1]" {
		t.Errorf("the past of b_total is %s", got)
	}
}

func TestClockSetBack(t *testing.T) {
	s := store.New(store.Limits{Window: time.Hour})
	for _, at := range []int{0, 10, 5, 7, 11, 30} {
		sample(s, start.Add(time.Duration(at)*time.Second), counters("a_total", number(1)))
	}
	times, _ := s.Range(time.Time{}, nil)
	var got []string
	for _, at := range times {
		got = append(got, at.Sub(start).String())
	}
	if want := "0s 10s 10.001s 12.001s 16.001s 30s"; strings.Join(got, " ") != want {
		t.Errorf("samples at %v, want %s", got, want)
	}
}

// TestMissingIsNoOtherNaN checks that the store distinguishes its Missing from all NaNs that a program can
// set.
func TestMissingIsNoOtherNaN(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	stale := math.Float64frombits(0x7ff0000000000002)
	for i, value := range []float64{stale, store.Missing, math.NaN(), math.Copysign(0, -1)} {
		got := sample(s, start.Add(time.Duration(i)*time.Second), counters("a_total", number(value))).Numbers[0]
		want := math.Float64bits(value)
		if store.IsMissing(value) {
			want = math.Float64bits(math.NaN())
		}
		if math.Float64bits(got) != want {
			t.Errorf("stored %x, want %x", math.Float64bits(got), want)
		}
	}
	_, numbers := s.Range(time.Time{}, []int32{0, 7, -1})
	if math.Float64bits(numbers[0][0]) != math.Float64bits(stale) || store.IsMissing(numbers[0][1]) {
		t.Errorf("the past is %s", text(numbers[0]))
	}
	for _, unknown := range numbers[1:] {
		if text(unknown) != "[- - - -]" {
			t.Errorf("the past of an unknown column is %s", text(unknown))
		}
	}
}
