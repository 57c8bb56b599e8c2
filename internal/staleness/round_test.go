package staleness_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

func seeAll(s *staleness.Section, all []series) {
	for _, p := range all {
		s.Seen(p.labels, p.shape)
	}
}

func missingIn(r *staleness.Round) (missing []string) {
	r.Missing(func(f *model.Family, l model.Labels, was *staleness.Shape) bool {
		missing = append(missing, f.Type.String()+" "+f.Name+" "+describe(l.Text(), was, nil))
		return true
	})
	return missing
}

func TestMissing(t *testing.T) {
	var (
		h  staleness.History
		r  = h.Begin()
		up = &model.Family{Name: "up", Type: model.Gauge}
	)
	seeAll(r.Family(up), plain(t, "a"))
	seeAll(r.Family(requests), plain(t, "b", "a"))
	seeAll(r.Family(&model.Family{Name: "up"}), plain(t, "u"))
	seeAll(r.Family(&model.Family{Name: "latency", Type: model.Histogram}), []series{shaped(t, "h", classic(1))})
	if missing := missingIn(r); missing != nil {
		t.Errorf("the first round: %q", missing)
	}
	r.Commit()

	r = h.Begin()
	r.Family(&model.Family{Name: "up", Type: model.Gauge, Help: "The help has changed.", Unit: "bools"})
	want := []string{
		"histogram latency " + describe(`l="h"`, classic(1), nil),
		"counter requests_total " + describe(`l="b"`, nil, nil),
		"counter requests_total " + describe(`l="a"`, nil, nil),
		"untyped up " + describe(`l="u"`, nil, nil),
	}
	if missing := missingIn(r); !slices.Equal(missing, want) {
		t.Errorf("got  %q\nwant %q", missing, want)
	}
	r.Commit()
	if h.Len() != 0 {
		t.Errorf("%d series are left", h.Len())
	}
	if missing := missingIn(h.Begin()); missing != nil {
		t.Errorf("the last round: %q", missing)
	}
}

func TestReportsEndWhenToldTo(t *testing.T) {
	all := plain(t, "a", "b", "c", "d")
	for name, second := range map[string][]series{
		"in step": all[:1], "merging": {all[2]}, "merging, at the end": plain(t, "a", "a2"), "indexed": {all[3], all[0]},
	} {
		var h staleness.History
		push(&h, requests, all)
		s := h.Begin().Family(requests)
		seeAll(s, second)
		n := 0
		s.Gone(func(model.Labels, *staleness.Shape, *staleness.Shape) bool { n++; return false })
		if n != 1 {
			t.Errorf("%s: Gone made %d calls", name, n)
		}
	}

	var h staleness.History
	push(&h, requests, all)
	n := 0
	one := func(*model.Family, model.Labels, *staleness.Shape) bool { n++; return false }
	h.All(one)
	h.Begin().Missing(one)
	if n != 2 {
		t.Errorf("All and Missing made %d calls", n)
	}
}

func TestDiscard(t *testing.T) {
	first := plain(t, "a", "b", "c")
	for name, second := range map[string][]series{
		"in step": first[:1], "merging": plain(t, "a", "c", "d"), "indexed": plain(t, "d", "c", "a"),
	} {
		t.Run(name, func(t *testing.T) {
			var h staleness.History
			push(&h, requests, first)
			alive := aliveIn(&h)

			r := h.Begin()
			seeAll(r.Family(requests), second)
			seeAll(r.Family(&model.Family{Name: "other"}), second)
			r.Discard()
			if got := aliveIn(&h); !maps.Equal(got, alive) {
				t.Errorf("after Discard: %q", got)
			}
			if gone := push(&h, requests, first[1:]); !slices.Equal(gone, []string{describe(`l="a"`, nil, nil)}) {
				t.Errorf("the next push reports %q", gone)
			}
		})
	}
}

// TestBeginDiscards checks that neither a round without an end nor a late end has an effect.
func TestBeginDiscards(t *testing.T) {
	var h staleness.History
	push(&h, requests, plain(t, "a", "b"))
	lost := h.Begin()
	seeAll(lost.Family(requests), plain(t, "c"))
	r := h.Begin()
	s := r.Family(requests)
	lost.Commit()
	lost.Discard()
	seeAll(s, plain(t, "a"))
	if gone := goneOf(s); !slices.Equal(gone, []string{describe(`l="b"`, nil, nil)}) {
		t.Errorf("got %q", gone)
	}
	r.Commit()
	r.Discard()
	if got := keys(aliveIn(&h)); !slices.Equal(got, []string{`counter requests_total{l="a"}`}) {
		t.Errorf("alive: %q", got)
	}
}

// TestContinued checks that a family that is begun again has the same section.
func TestContinued(t *testing.T) {
	var h staleness.History
	push(&h, requests, plain(t, "a", "b", "c", "d"))
	r := h.Begin()
	s := r.Family(requests)
	seeAll(s, plain(t, "a", "c"))
	again := *requests
	if r.Family(&again) != s {
		t.Error("another section")
	}
	seeAll(r.Family(&again), plain(t, "b"))
	if gone := goneOf(s); !slices.Equal(gone, []string{describe(`l="d"`, nil, nil)}) {
		t.Errorf("got %q", gone)
	}
}

// TestContinuedAfterGone checks that late series are in the push, and that nothing is reported twice.
func TestContinuedAfterGone(t *testing.T) {
	for name, tt := range map[string]struct{ first, before, after []series }{
		"in step":             {plain(t, "a", "b", "c"), plain(t, "a"), plain(t, "b")},
		"in step, then apart": {plain(t, "a", "b", "c"), plain(t, "a"), plain(t, "c", "d")},
		"merging":             {plain(t, "a", "b", "c"), plain(t, "b"), plain(t, "c", "d")},
		"merging, then not":   {plain(t, "a", "b", "c"), plain(t, "b"), plain(t, "a")},
		"indexed":             {plain(t, "a", "b", "c"), plain(t, "c", "a"), plain(t, "b", "a", "d", "d")},
	} {
		t.Run(name, func(t *testing.T) {
			var h staleness.History
			push(&h, requests, tt.first)
			r := h.Begin()
			s := r.Family(requests)
			seeAll(s, tt.before)
			if goneOf(s) == nil {
				t.Error("nothing is gone")
			}
			seeAll(s, tt.after)
			if gone := goneOf(s); gone != nil {
				t.Errorf("reported again: %q", gone)
			}
			r.Commit()
			want := make(map[string]bool)
			for _, p := range slices.Concat(tt.before, tt.after) {
				want["counter requests_total{"+p.labels.Text()+"}"] = true
			}
			if got := keys(aliveIn(&h)); !slices.Equal(got, keys(want)) {
				t.Errorf("got  %q\nwant %q", got, keys(want))
			}
			if h.Len() != len(want) {
				t.Errorf("%d series, want %d", h.Len(), len(want))
			}
		})
	}
}

// TestFind checks that a round finds exactly the series that it has seen, in each state of a section.
func TestFind(t *testing.T) {
	rounds := [][]series{
		plain(t, "a", "b", "c"),                           // new
		plain(t, "a", "b"),                                // in step
		{shaped(t, "a", classic(1)), shaped(t, "c", nil)}, // merging
		append(plain(t, "c"), shaped(t, "a", classic(2))), // indexed
	}
	var h staleness.History
	for i, seen := range rounds {
		r := h.Begin()
		seeAll(r.Family(requests), seen)
		for _, p := range plain(t, "a", "b", "c", "d") {
			j := slices.IndexFunc(seen, func(s series) bool { return s.labels.Text() == p.labels.Text() })
			got := r.Find(requests.Name, requests.Type, p.labels)
			if (got != nil) != (j >= 0) || j >= 0 && seen[j].shape != nil && !slices.Equal(got.Bounds, seen[j].shape.Bounds) {
				t.Errorf("round %d: %s: got %v", i, p.labels.Text(), got)
			}
			if r.Find(requests.Name, model.Summary, p.labels) != nil || r.Find("other", requests.Type, p.labels) != nil {
				t.Errorf("round %d: %s was found in another family", i, p.labels.Text())
			}
		}
		r.Commit()
	}
	if r := h.Begin(); r.Find(requests.Name, requests.Type, plain(t, "a")[0].labels) != nil {
		t.Error("a series of the last push was found")
	}
}
