package staleness_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

// known models a push with maps: from the family's name to the text of a series' labels to its shape.
type known map[string]map[string]*staleness.Shape

// TestAgainstMap compares random rounds with maps. Different goroutines use different families of a round.
func TestAgainstMap(t *testing.T) {
	seeds := uint64(25)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			var (
				h     staleness.History
				last  = make(known)
				pools = make(map[string]*pool)
			)
			for i := range 5 {
				pools["family_"+strconv.Itoa(i)] = newPool(t, random)
			}
			for range 60 {
				last = randomRound(t, random, &h, pools, last)
			}
		})
	}
}

// pool makes the series of one family.
type pool struct {
	random *rand.Rand
	all    []model.Labels
	shapes []*staleness.Shape
	now    []series // series of the latest push
}

func newPool(t *testing.T, random *rand.Rand) *pool {
	p := &pool{random: rand.New(rand.NewPCG(random.Uint64(), 2))}
	names := []string{"a", "a", "b", "c d"}[:1+random.IntN(4)]
	texts := make(map[string]bool)
	for range 1 + random.IntN(60) {
		var pairs []string
		for i, name := range names {
			if i != 1 && (i == 0 || random.IntN(3) > 0) {
				pairs = append(pairs, name, []string{"", "x", `"`, " ", "\n", `\`}[random.IntN(6)]+strconv.Itoa(random.IntN(40)))
			}
		}
		if l := labels(t, pairs...); !texts[l.Text()] {
			texts[l.Text()] = true
			p.all = append(p.all, l)
		}
	}
	for i := range 1 + random.IntN(5) {
		p.shapes = append(p.shapes, []*staleness.Shape{nil, classic(1), classic(1, 2), {Native: true}, {States: []string{"on"}}}[i])
	}
	return p
}

// next returns the points of a push. Some are the same as in the previous push, some are random.
func (p *pool) next() []series {
	random := p.random
	switch random.IntN(8) {
	case 0: // the same
	case 1: // another set
		p.now = nil
		for _, l := range p.all {
			if random.IntN(2) == 0 {
				p.now = append(p.now, p.shaped(l))
			}
		}
		p.sort()
	case 2:
		p.now = shuffled(random, p.now)
	case 3:
		p.sort()
	case 4: // some are gone
		p.now = slices.DeleteFunc(slices.Clone(p.now), func(series) bool { return random.IntN(5) == 0 })
	case 5: // one more, or one twice
		p.now = slices.Insert(slices.Clone(p.now), random.IntN(len(p.now)+1), p.shaped(p.all[random.IntN(len(p.all))]))
	case 6: // other shapes
		p.now = slices.Clone(p.now)
		for i := range p.now {
			if random.IntN(6) == 0 {
				p.now[i] = p.shaped(p.now[i].labels)
			}
		}
	case 7:
		p.now = p.now[:random.IntN(len(p.now)+1)]
	}
	return p.now
}

func (p *pool) shaped(l model.Labels) series {
	return series{l, p.shapes[p.random.IntN(len(p.shapes))]}
}

func (p *pool) sort() {
	p.now = slices.Clone(p.now)
	slices.SortStableFunc(p.now, func(a, b series) int { return model.CompareLabels(a.labels, b.labels) })
}

// randomRound plays a round and returns the push that is the last one afterwards.
func randomRound(t *testing.T, random *rand.Rand, h *staleness.History, pools map[string]*pool, last known) known {
	t.Helper()
	var (
		r    = h.Begin()
		now  = make(known)
		wait sync.WaitGroup
	)
	missing := maps.Clone(last)
	for _, name := range keys(pools) {
		if random.IntN(6) == 0 {
			continue
		}
		delete(missing, name)
		points := pools[name].next()
		was, is := last[name], firstOfEach(points)
		now[name] = is
		wait.Go(func() { playFamily(t, r, name, points, was, is) })
	}
	wait.Wait()

	gone := make(known)
	r.Missing(func(f *model.Family, l model.Labels, was *staleness.Shape) bool {
		if gone[f.Name] == nil {
			gone[f.Name] = make(map[string]*staleness.Shape)
		}
		gone[f.Name][l.Keep().Text()] = was
		return true
	})
	sameSeries(t, "missing", gone, missing)

	if random.IntN(4) == 0 {
		r.Discard()
		now = last
	} else {
		r.Commit()
	}
	alive := make(known)
	count := 0
	h.All(func(f *model.Family, l model.Labels, was *staleness.Shape) bool {
		if alive[f.Name] == nil {
			alive[f.Name] = make(map[string]*staleness.Shape)
		}
		alive[f.Name][l.Keep().Text()] = was
		count++
		return true
	})
	sameSeries(t, "alive", alive, now)
	if h.Len() != count {
		t.Errorf("Len is %d, want %d", h.Len(), count)
	}
	return now
}

// playFamily sends the points of one family, and checks the reports of Gone.
func playFamily(t *testing.T, r *staleness.Round, name string, points []series, last, now map[string]*staleness.Shape) {
	var buf []byte
	for _, p := range points {
		s := r.Family(&model.Family{Name: name})
		buf = append(buf[:0], p.labels.Text()...)
		s.Seen(model.VolatileLabels(buf, p.labels.Quoted()), p.shape)
		clear(buf)
	}
	var want []string
	for text, was := range last {
		shape, ok := now[text]
		switch {
		case !ok:
			want = append(want, describe(text, was, nil))
		case shapeText(shape) != shapeText(was):
			if shape == nil {
				shape = &staleness.Shape{}
			}
			want = append(want, describe(text, was, shape))
		}
	}
	gone := goneOf(r.Family(&model.Family{Name: name}))
	if !slices.Equal(sorted(gone), sorted(want)) {
		t.Errorf("%s: gone\ngot  %q\nwant %q", name, sorted(gone), sorted(want))
	}
}

// firstOfEach returns the shapes of points. The first of several points with the same labels counts.
func firstOfEach(points []series) map[string]*staleness.Shape {
	m := make(map[string]*staleness.Shape)
	for _, p := range points {
		if _, ok := m[p.labels.Text()]; !ok {
			m[p.labels.Text()] = p.shape
		}
	}
	return m
}

func sameSeries(t *testing.T, what string, got, want known) {
	t.Helper()
	flatten := func(k known) (texts []string) {
		for name, all := range k {
			for text, shape := range all {
				texts = append(texts, fmt.Sprint(name, " ", text, " ", shapeText(shape)))
			}
		}
		return sorted(texts)
	}
	if g, w := flatten(got), flatten(want); !slices.Equal(g, w) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, g, w)
	}
}
