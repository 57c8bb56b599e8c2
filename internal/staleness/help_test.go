package staleness_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

// series holds the arguments of Section.Seen for a point.
type series struct {
	labels model.Labels
	shape  *staleness.Shape
}

func labels(t testing.TB, namesAndValues ...string) model.Labels {
	t.Helper()
	var list []model.Label
	for i := 0; i < len(namesAndValues); i += 2 {
		list = append(list, model.Label{Name: namesAndValues[i], Value: namesAndValues[i+1]})
	}
	l, err := model.NewLabels(list)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// plain returns a series without a shape for each value of the label l.
func plain(t testing.TB, values ...string) []series {
	t.Helper()
	var all []series
	for _, value := range values {
		all = append(all, series{labels: labels(t, "l", value)})
	}
	return all
}

// shaped returns a series with the only label l.
func shaped(t testing.TB, value string, shape *staleness.Shape) series {
	t.Helper()
	return series{labels(t, "l", value), shape}
}

func classic(bounds ...float64) *staleness.Shape {
	return &staleness.Shape{Classic: true, Bounds: bounds}
}

// push pushes one family.
func push(h *staleness.History, f *model.Family, points []series) (gone []string) {
	r := h.Begin()
	s := r.Family(f)
	for _, p := range points {
		s.Seen(p.labels, p.shape)
	}
	gone = goneOf(s)
	r.Missing(func(f *model.Family, l model.Labels, was *staleness.Shape) bool {
		gone = append(gone, describe(f.Name+"/"+l.Text(), was, nil))
		return true
	})
	r.Commit()
	return gone
}

func goneOf(s *staleness.Section) (gone []string) {
	s.Gone(func(l model.Labels, was, now *staleness.Shape) bool {
		gone = append(gone, describe(l.Text(), was, now))
		return true
	})
	return gone
}

// describe returns a text for a report. The texts of two reports are equal exactly if the reports are
// equal.
func describe(text string, was, now *staleness.Shape) string {
	if now == nil {
		return text + " " + shapeText(was)
	}
	return text + " " + shapeText(was) + " > " + shapeText(now)
}

func shapeText(s *staleness.Shape) string {
	if s == nil {
		s = &staleness.Shape{}
	}
	return fmt.Sprintf("%v,%v,%v,%q", s.Classic, s.Native, s.Bounds, s.States)
}

// aliveIn returns all series of a history.
func aliveIn(h *staleness.History) map[string]string {
	alive := make(map[string]string)
	h.All(func(f *model.Family, l model.Labels, was *staleness.Shape) bool {
		alive[f.Type.String()+" "+f.Name+"{"+l.Text()+"}"] = shapeText(was)
		return true
	})
	return alive
}

func sorted(texts []string) []string { return slices.Sorted(slices.Values(texts)) }

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// manySeries returns n different series with three labels, in the order of a scrape.
func manySeries(n int) []series {
	layout := model.NewLayout(nil, []string{"code", "handler", "instance"})
	all := make([]series, n)
	for i := range all {
		all[i].labels = layout.Render([]string{
			[]string{"200", "404", "500"}[i%3], fmt.Sprintf("/api/v1/resource/%d", i/3%100), fmt.Sprintf("10.0.%d.%d:9100", i/300/250, i/300%250),
		})
	}
	slices.SortFunc(all, func(a, b series) int { return model.CompareLabels(a.labels, b.labels) })
	for i := range all {
		// The texts are adjacent in memory, so that reading them costs almost nothing.
		all[i].labels = model.RawLabels(strings.Clone(all[i].labels.Text()), false)
	}
	return all
}

func shuffled(random *rand.Rand, all []series) []series {
	all = slices.Clone(all)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
