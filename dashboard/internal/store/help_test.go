package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

var start = time.Unix(1_700_000_000, 0)

// family is a family with its points, as a round receives them.
type family struct {
	*model.Family
	points []model.Point
}

// sample stores a sample of the given families and returns it.
func sample(s *store.Store, at time.Time, families ...family) *store.Snapshot {
	r := s.Begin(at)
	feed(r, families...)
	return r.Commit()
}

func feed(r *store.Round, families ...family) {
	for i := range families {
		_ = r.Family(families[i].Family)
		for j := range families[i].points {
			_ = r.Point(&families[i].points[j])
		}
	}
}

func counters(name string, points ...model.Point) family {
	return family{&model.Family{Name: name, Help: "Help.", Type: model.Counter}, points}
}

func number(value float64, labels ...string) model.Point {
	return model.Point{Labels: labelsOf(labels...), Value: value}
}

// labelsOf returns labels from alternating names and values.
func labelsOf(pairs ...string) model.Labels {
	var list []model.Label
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, model.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	l, err := model.NewLabels(list)
	if err != nil {
		panic(err)
	}
	return l
}

// sorted sorts points by labels, as gathering does.
func sorted(points []model.Point) []model.Point {
	slices.SortStableFunc(points, func(a, b model.Point) int { return model.ComparePoints(&a, &b) })
	return points
}

// find returns the only series with the given labels.
func find(t *testing.T, s *store.Snapshot, family string, labels ...string) *store.Series {
	t.Helper()
	f := s.Find(family)
	if f == nil {
		t.Fatalf("no family %s", family)
	}
	key := labelsOf(labels...).Text()
	for _, series := range f.Series {
		if series.Key == key {
			return series
		}
	}
	t.Fatalf("no series %s{%s}", family, key)
	return nil
}

// numbersOf returns the numbers of a series in a snapshot.
func numbersOf(s *store.Snapshot, series *store.Series) []float64 {
	var numbers []float64
	for _, col := range series.Cols {
		numbers = append(numbers, s.Numbers[col])
	}
	return numbers
}

// text formats numbers. Missing numbers become dashes.
func text(numbers []float64) string {
	var list []string
	for _, n := range numbers {
		if store.IsMissing(n) {
			list = append(list, "-")
		} else {
			list = append(list, fmt.Sprint(n))
		}
	}
	return fmt.Sprint(list)
}

// past returns all numbers of a column as text.
func past(s *store.Store, col int32) string {
	_, numbers := s.Range(time.Time{}, []int32{col})
	return text(numbers[0])
}
