package model_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/model"
)

// compareLists is CompareLabels for lists of labels: it sorts as client_golang does, and breaks ties by
// name.
func compareLists(a, b []model.Label) int {
	values := func(x, y model.Label) int { return cmp.Compare(x.Value, y.Value) }
	return cmp.Or(cmp.Compare(len(a), len(b)), slices.CompareFunc(a, b, values))
}

func TestCompareLabels(t *testing.T) {
	inOrder := []model.Labels{
		{},
		mustLabels(t, "z", ""),
		mustLabels(t, "z", "\n"),
		mustLabels(t, "z", `"`),
		mustLabels(t, "z", "#"),
		mustLabels(t, "a", "1"),
		mustLabels(t, "b", "1"), // Only the names differ.
		mustLabels(t, "z", "10"),
		mustLabels(t, "z", "2"),
		mustLabels(t, "z", `\`),
		mustLabels(t, "z", `\n`),
		mustLabels(t, "z", "é"),
		mustLabels(t, "a", "", "b", ""), // More labels sort later, whatever their values.
		mustLabels(t, "a", "", "b", "1"),
		mustLabels(t, "a", "1", "b", ""),
		mustLabels(t, "a", "1", "b", "1"),
		mustLabels(t, "a", "1", "c", "1"),
		mustLabels(t, "a.", "1", "b", "2"),
		mustLabels(t, "a", "", "b", "", "c", ""),
	}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if got, want := model.CompareLabels(a, b), cmp.Compare(i, j); got != want {
				t.Errorf("{%s} compared with {%s} is %d, want %d", a.Text(), b.Text(), got, want)
			}
		}
	}
}

// TestCompareLabelsLikeValues compares randomly made label sets.
func TestCompareLabelsLikeValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", "c.d", `"`, "e"}
	random := func() model.Labels {
		var labels []model.Label
		for _, name := range names {
			if r.IntN(4) > 0 {
				labels = append(labels, model.Label{Name: name, Value: texts[r.IntN(len(texts))]})
			}
		}
		l, err := model.NewLabels(labels)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for range 5000 {
		a, b := random(), random()
		got, want := model.CompareLabels(a, b), compareLists(a.List(), b.List())
		if want == 0 {
			want = cmp.Compare(a.Text(), b.Text())
		}
		sameNames := slices.EqualFunc(a.List(), b.List(), func(x, y model.Label) bool { return x.Name == y.Name })
		if got := a.AppendNames(nil).Has(b); got != sameNames {
			t.Errorf("that {%s} and {%s} have the same names is %t", a.Text(), b.Text(), got)
		}
		if sameNames && model.CompareSameNames(a, b) != want {
			t.Errorf("{%s} compared with {%s}, of the same names, is not %d", a.Text(), b.Text(), want)
		}
		if got != want || model.CompareLabels(b, a) != -want || model.CompareLabels(a, a) != 0 {
			t.Errorf("{%s} compared with {%s} is %d, want %d", a.Text(), b.Text(), got, want)
		}
	}
}

func TestCompareLabelsDoesNotAllocate(t *testing.T) {
	a, b := mustLabels(t, "a", "1", "b", `"`), mustLabels(t, "a", "1", "b", `"`)
	if got := testing.AllocsPerRun(100, func() { model.CompareLabels(a, b) }); got != 0 {
		t.Errorf("comparing allocates %v times", got)
	}
}

func TestComparePoints(t *testing.T) {
	a, b := mustLabels(t, "a", "1"), mustLabels(t, "a", "2")
	inOrder := []model.Point{
		{Labels: a, TimestampMs: -1, HasTimestamp: true},
		{Labels: a, TimestampMs: 0, HasTimestamp: true},
		{Labels: a, TimestampMs: 5, HasTimestamp: true},
		{Labels: a},
		{Labels: b, TimestampMs: 1, HasTimestamp: true},
		{Labels: b, TimestampMs: 9}, // The timestamp does not matter here.
	}
	for i := range inOrder {
		for j := range inOrder {
			if got, want := model.ComparePoints(&inOrder[i], &inOrder[j]), cmp.Compare(i, j); got != want {
				t.Errorf("point %d compared with point %d is %d, want %d", i, j, got, want)
			}
		}
	}
}
