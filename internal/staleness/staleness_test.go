package staleness_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

var requests = &model.Family{Name: "requests_total", Type: model.Counter, Help: "Requests."}

// TestGone checks the reports for two pushes of one family with different series.
func TestGone(t *testing.T) {
	tests := []struct {
		name          string
		first, second []series
		want          []string // values of the label, if shapes do not matter
	}{
		{"nothing", nil, nil, nil},
		{"the first push", nil, plain(t, "a", "b"), nil},
		{"the same", plain(t, "a", "b"), plain(t, "a", "b"), nil},
		{"all gone", plain(t, "a", "b"), nil, []string{"a", "b"}},
		{"the first is gone", plain(t, "a", "b", "c"), plain(t, "b", "c"), []string{"a"}},
		{"one in the middle is gone", plain(t, "a", "b", "c"), plain(t, "a", "c"), []string{"b"}},
		{"the last is gone", plain(t, "a", "b", "c"), plain(t, "a", "b"), []string{"c"}},
		{"one is new at the beginning", plain(t, "b", "c"), plain(t, "a", "b", "c"), nil},
		{"one is new at the end", plain(t, "a", "b"), plain(t, "a", "b", "c"), nil},
		{"one for another", plain(t, "a", "b", "d"), plain(t, "a", "c", "d"), []string{"b"}},
		{"all others", plain(t, "a", "c"), plain(t, "b", "d"), []string{"a", "c"}},
		{"backwards", plain(t, "a", "b", "c"), plain(t, "c", "b", "a"), nil},
		{"backwards without one", plain(t, "a", "b", "c"), plain(t, "c", "a"), []string{"b"}},
		{"unsorted, the same", plain(t, "b", "a", "c"), plain(t, "b", "a", "c"), nil},
		{"unsorted, the last is gone", plain(t, "b", "a", "c"), plain(t, "b", "a"), []string{"c"}},
		{"unsorted, the first is gone", plain(t, "b", "a", "c"), plain(t, "a", "c"), []string{"b"}},
		{"unsorted, now sorted", plain(t, "b", "a", "c"), plain(t, "a", "b"), []string{"c"}},
		{"twice in the first", plain(t, "a", "a", "b"), plain(t, "a", "b"), nil},
		{"twice in the first, apart", plain(t, "a", "b", "a"), plain(t, "a", "b"), nil},
		{"twice in the second", plain(t, "a", "b"), plain(t, "a", "a", "b"), nil},
		{"twice in the second, apart", plain(t, "a", "b", "c"), plain(t, "a", "b", "a"), []string{"c"}},
		{"twice in both", plain(t, "a", "a"), plain(t, "a", "a"), nil},
		{"one is the beginning of another", plain(t, "a", "a b"), plain(t, "a"), []string{"a b"}},
		{"escaped", plain(t, "\"", "\\", "\n"), plain(t, "\\"), []string{"\n", "\""}},
		{"long texts", plain(t, strings.Repeat("x", 300), strings.Repeat("x", 301)), plain(t, strings.Repeat("x", 301)), []string{strings.Repeat("x", 300)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want []string
			for _, p := range plain(t, tt.want...) {
				want = append(want, describe(p.labels.Text(), nil, nil))
			}
			var h staleness.History
			if gone := push(&h, requests, tt.first); gone != nil {
				t.Errorf("the first push reports %q", gone)
			}
			if gone := push(&h, requests, tt.second); !slices.Equal(sorted(gone), sorted(want)) {
				t.Errorf("got  %q\nwant %q", gone, want)
			}
			if gone := push(&h, requests, tt.second); gone != nil {
				t.Errorf("the third push, like the second one, reports %q", gone)
			}
		})
	}
}

// TestMixedNames checks label sets with different names. Their order differs from the order of their texts.
func TestMixedNames(t *testing.T) {
	all := []series{
		{labels: model.Labels{}},
		{labels: labels(t, "z", "1")},
		{labels: labels(t, "a", "1", "b", "1")},
		{labels: labels(t, "a b", "1", "c", "1")},
		{labels: labels(t, "a", "2", "b", "1")},
	}
	var h staleness.History
	push(&h, requests, all)
	if h.Len() != len(all) {
		t.Errorf("%d series, want %d", h.Len(), len(all))
	}
	for i, p := range all {
		without := slices.Delete(slices.Clone(all), i, i+1)
		want := []string{describe(p.labels.Text(), nil, nil)}
		if gone := push(&h, requests, without); !slices.Equal(gone, want) {
			t.Errorf("got %q, want %q", gone, want)
		}
		push(&h, requests, all)
	}
}

func TestQuotedLabelsStayQuoted(t *testing.T) {
	all := []series{{labels: labels(t, "a", "1")}, {labels: labels(t, "a b", "1")}, {labels: labels(t, "c d", "1")}}
	for name, second := range map[string][]series{
		"end":    nil,
		"merged": {{labels: labels(t, "b", "1")}},
		"random": {all[1], all[0]},
	} {
		t.Run(name, func(t *testing.T) {
			var h staleness.History
			push(&h, requests, all)
			r := h.Begin()
			s := r.Family(requests)
			for _, p := range second {
				s.Seen(p.labels, nil)
			}
			n := 0
			s.Gone(func(l model.Labels, _, _ *staleness.Shape) bool {
				if want := strings.Contains(l.Text(), " "); l.Quoted() != want {
					t.Errorf("%s: quoted is %v", l.Text(), !want)
				}
				n++
				return true
			})
			if n == 0 {
				t.Error("nothing is gone")
			}
		})
	}
}

// TestShapes checks the reports for a series whose labels stay the same while its shape changes.
func TestShapes(t *testing.T) {
	nan := math.NaN()
	negativeZero := math.Copysign(0, -1)
	states := func(names ...string) *staleness.Shape { return &staleness.Shape{States: names} }
	tests := []struct {
		name     string
		was, now *staleness.Shape
		same     bool
	}{
		{"nil and zero", nil, &staleness.Shape{}, true},
		{"zero and nil", &staleness.Shape{Bounds: []float64{}}, nil, true},
		{"equal bounds", classic(1, 2), classic(1, 2), true},
		{"NaN", classic(nan), classic(nan), true},
		{"minus zero", classic(0), classic(negativeZero), false},
		{"a bucket less", classic(1, 2), classic(1), false},
		{"a bucket more", classic(1), classic(1, 2), false},
		{"another bucket", classic(1, 2), classic(1, 3), false},
		{"native as well", classic(1), &staleness.Shape{Classic: true, Native: true, Bounds: []float64{1}}, false},
		{"native instead", classic(), &staleness.Shape{Native: true}, false},
		{"from plain", nil, classic(1), false},
		{"to plain", classic(1), nil, false},
		{"equal states", states("a", "b"), states("a", "b"), true},
		{"other states", states("a", "bc"), states("ab", "c"), false},
	}
	for _, tt := range tests {
		for name, others := range map[string]struct{ before, first, second []series }{
			"alone":  {},
			"merged": {plain(t, "a"), plain(t, "x"), plain(t, "z")},
			"random": {plain(t, "y"), plain(t, "a", "b"), plain(t, "b", "a")},
		} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				point := func(shape *staleness.Shape) series { return shaped(t, "m", shape) }
				var h staleness.History
				push(&h, requests, slices.Concat(others.before, []series{point(tt.was)}, others.first))
				gone := push(&h, requests, slices.Concat(others.before, []series{point(tt.now)}, others.second))
				gone = slices.DeleteFunc(gone, func(s string) bool { return !strings.HasPrefix(s, `l="m"`) })
				var want []string
				if !tt.same {
					now := tt.now
					if now == nil {
						now = &staleness.Shape{}
					}
					want = []string{describe(`l="m"`, tt.was, now)}
				}
				if !slices.Equal(gone, want) {
					t.Errorf("got  %q\nwant %q", gone, want)
				}
			})
		}
	}
}

// TestOverwrittenShapes checks that the caller may reuse the memory of labels and shapes.
func TestOverwrittenShapes(t *testing.T) {
	var h staleness.History
	bounds, states, text := []float64{1, 2}, []string{"on"}, []byte(`l="a"`)
	shape := &staleness.Shape{Bounds: bounds, States: states}
	r := h.Begin()
	r.Family(requests).Seen(model.VolatileLabels(text, false), shape)
	bounds[1], states[0], text[3] = 3, "off", 'b'
	r.Commit()

	s := h.Begin().Family(requests)
	s.Seen(labels(t, "l", "a"), shape)
	want := describe(`l="a"`, &staleness.Shape{Bounds: []float64{1, 2}, States: []string{"on"}}, shape)
	if gone := goneOf(s); !slices.Equal(gone, []string{want}) {
		t.Errorf("got  %q\nwant %q", gone, want)
	}
}

// TestManyShapes checks that shapes without series are forgotten, and that the remaining ones are not
// confused.
func TestManyShapes(t *testing.T) {
	var h staleness.History
	constant := shaped(t, "a", classic(1))
	push(&h, requests, []series{constant, shaped(t, "b", classic(0))})
	for i := range 100 {
		gone := push(&h, requests, []series{constant, shaped(t, "b", classic(float64(i+1)))})
		want := describe(`l="b"`, classic(float64(i)), classic(float64(i+1)))
		if !slices.Equal(gone, []string{want}) {
			t.Fatalf("round %d: got %q, want %q", i, gone, want)
		}
	}
	if got, want := aliveIn(&h)[`counter requests_total{l="a"}`], shapeText(classic(1)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestManyShapesAtOnce checks marks of more than one byte.
func TestManyShapesAtOnce(t *testing.T) {
	var all []series
	for i := range 200 {
		all = append(all, shaped(t, string(rune('a'+i)), classic(float64(i))))
	}
	var h staleness.History
	for range 2 {
		if gone := push(&h, requests, all); gone != nil {
			t.Errorf("got %q", gone)
		}
	}
	want := describe(all[150].labels.Text(), classic(150), nil)
	if gone := push(&h, requests, slices.Concat(all[:150], all[151:])); !slices.Equal(gone, []string{want}) {
		t.Errorf("got %q, want %q", gone, want)
	}
}
