package query_test

import (
	"encoding/json"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/internal/model"
)

func FuzzSearch(f *testing.F) {
	for _, words := range []string{"", "a b", `"a b`, `-"a"=b`, "type:counter -x=y", "-", "=", "type:", "\xff\"", "küche -é=ü"} {
		f.Add(words)
	}
	s := shop().last()
	all := query.Search(s, "", 0)
	f.Fuzz(func(t *testing.T, words string) {
		answer := query.Search(s, words, 0)
		if answer.MatchedFamilies > all.MatchedFamilies || answer.MatchedSeries > all.MatchedSeries || len(answer.Rows) != answer.MatchedFamilies {
			t.Errorf("%q: got %+v", words, answer)
		}
		for _, row := range answer.Rows {
			d := query.Detail(s, nil, query.DetailOptions{Family: row.Name, Words: words})
			if d == nil || d.Total != row.Matched || len(d.Rows) != row.Matched {
				t.Errorf("%q: %s has %d series, the search says %d", words, row.Name, d.Total, row.Matched)
			}
		}
		if c := query.Changes(s, s, words, 0); c.Total != 0 || c.Unchanged != answer.MatchedSeries {
			t.Errorf("%q: %d changes, %d unchanged", words, c.Total, c.Unchanged)
		}
	})
}

func FuzzPlot(f *testing.F) {
	for _, spec := range []string{
		`{}`, `{"family":"c","by":["a","b"]}`, `{"family":"h","each":true,"seconds":-1}`, `{"family":"h","match":[["a","1"]]}`,
		`{"family":"n","keys":["#p50"],"seconds":100000000000}`, `{"family":"s"}`, `{"family":"q","each":true}`,
	} {
		f.Add(spec, int64(0))
		f.Add(spec, at(3).UnixMilli())
	}
	w := newWorld(every(1, 5)...)
	v := func(x ...float64) []float64 { return x }
	w.series(w.family("c", model.Counter), "a=1", nil, v(1, 2, none, 0, 9))
	w.series(w.family("h", model.Histogram), "a=1", classicShape, v(1, 2, 3, 4, 5), v(1, 2, 3, 4, 5), v(0, 1, 2, 3, 4), v(1, 1, 1, 1, 1))
	w.series(w.family("n", model.Histogram), "a=1", nativeShape, v(1, 2, 3, 1, 5), v(1, 2, 3, 4, 5), v(1, 2, 3, 1, 5))
	w.series(w.family("s", model.StateSet), "a=1", stateShape, v(0, 1, none, 0, 1), v(1, 0, none, 1, 0))
	w.series(w.family("q", model.Summary), "a=1", summaryShape, v(0, 1, none, 0, 1), v(1, 0, none, 1, 0), v(1, 1, 1, 1, 1), v(1, 1, 1, 1, 1))
	f.Fuzz(func(t *testing.T, text string, since int64) {
		var spec api.Spec
		if json.Unmarshal([]byte(text), &spec) != nil {
			return
		}
		from := time.Time{}
		if since != 0 {
			from = time.UnixMilli(since % 1e14)
		}
		p := query.Plot(w.last(), w, spec, from)
		for _, l := range p.Lines {
			if len(l.V) != len(p.T) {
				t.Errorf("%s: %d values for %d times", l.Key, len(l.V), len(p.T))
			}
			for _, label := range l.Labels {
				checkText(t, label[0])
				checkText(t, label[1])
			}
		}
		if p.Heat != nil && len(p.Heat.Rows) != len(p.T) {
			t.Errorf("%d rows for %d times", len(p.Heat.Rows), len(p.T))
		}
		if _, err := json.Marshal(p); err != nil {
			t.Error(err)
		}
	})
}

func checkText(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 201 {
		t.Errorf("%q is not valid or too long", text)
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			t.Errorf("%q has control characters", text)
		}
	}
}
