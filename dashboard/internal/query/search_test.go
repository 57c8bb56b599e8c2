package query_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/internal/model"
)

// shop is a world with some families.
func shop() *world {
	w := newWorld(0)
	requests := w.family("http_requests_total", model.Counter)
	for _, labels := range []string{
		"code=200,method=GET", "code=200,method=POST", "code=404,method=GET", "code=500,method=GET,path=/a b",
	} {
		w.series(requests, labels, nil, []float64{1})
	}
	w.series(w.family("http_requests", model.Gauge), "", nil, []float64{2})
	w.series(w.family("last_http_requests", model.Gauge), "", nil, []float64{2})
	temperature := w.family("temperature_celsius", model.Gauge)
	temperature.Help = "Wärme nach HTTP_REQUESTS"
	w.series(temperature, "room=KÜCHE", nil, []float64{21})
	w.series(temperature, "room=bath-get", nil, []float64{23})
	w.family("zero", model.Untyped) // a family without series
	w.families[len(w.families)-1].Help = "Nothing."
	return w
}

func TestSearch(t *testing.T) {
	s := shop().last()
	for _, test := range []struct {
		words  string
		want   string // names of families
		series string // number of matching series of each family
	}{
		{"", "http_requests http_requests_total last_http_requests temperature_celsius zero", "1 4 1 2 0"},
		{"  \t ", "http_requests http_requests_total last_http_requests temperature_celsius zero", "1 4 1 2 0"},
		{"http_requests", "http_requests http_requests_total last_http_requests temperature_celsius", "1 4 1 2"},
		{"HTTP_requests_t", "http_requests_total", "4"},
		{"get", "http_requests_total temperature_celsius", "3 1"},
		{"get 404", "http_requests_total", "1"},
		{"post 404", "", ""}, // no single series has both
		{"method=get", "http_requests_total", "3"},
		{"meth=ge", "http_requests_total", "3"},
		{"method=", "http_requests_total", "4"},
		{"=bath", "temperature_celsius", "1"},
		{"path=a\" b\"", "http_requests_total", "1"},
		{`"/a b"`, "http_requests_total", "1"},
		{`"/a b`, "http_requests_total", "1"}, // not yet complete
		{"/a b", "http_requests_total", "1"},
		{`"/b b"`, "", ""},
		{"küche", "temperature_celsius", "1"},
		{"wÄRME", "temperature_celsius", "2"},
		{"type:counter", "http_requests_total", "4"},
		{"type:cou", "http_requests_total", "4"},
		{"type:gauge http", "http_requests last_http_requests temperature_celsius", "1 1 2"},
		{"-type:gauge", "http_requests_total zero", "4 0"},
		{"type:", "http_requests http_requests_total last_http_requests temperature_celsius zero", "1 4 1 2 0"},
		{"-http", "zero", "0"},
		{"-get", "http_requests http_requests_total last_http_requests temperature_celsius zero", "1 1 1 1 0"},
		{"http -get -post", "http_requests last_http_requests temperature_celsius", "1 1 1"},
		{"-code=200 method=get", "http_requests_total", "2"},
		{`-"a b" type:counter`, "http_requests_total", "3"},
		{"-", "http_requests http_requests_total last_http_requests temperature_celsius zero", "1 4 1 2 0"},
		{`"-get"`, "temperature_celsius", "1"},
		{`"code=200"`, "", ""},
		{"code=200 http_requests_total", "http_requests_total", "2"},
		{"nothing", "zero", "0"},
		{"zero x", "", ""},
		{"\xff", "", ""},
	} {
		t.Run(test.words, func(t *testing.T) {
			answer := query.Search(s, test.words, 0)
			var names, series []string
			total := 0
			for _, row := range answer.Rows {
				names, series = append(names, row.Name), append(series, string(rune('0'+row.Matched)))
				total += row.Matched
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("got families %s, want %s", got, test.want)
			}
			if got := strings.Join(series, " "); got != test.series {
				t.Errorf("got series %s, want %s", got, test.series)
			}
			if answer.MatchedFamilies != len(answer.Rows) || answer.MatchedSeries != total {
				t.Errorf("got %d families and %d series, want %d and %d", answer.MatchedFamilies, answer.MatchedSeries, len(answer.Rows), total)
			}
		})
	}
}

func TestSearchBounds(t *testing.T) {
	if answer := query.Search(nil, "x", 0); answer == nil || answer.Rows == nil || answer.T != 0 {
		t.Errorf("without a sample, got %v", answer)
	}
	w := newWorld(0)
	for i := range 1100 {
		w.series(w.family("f"+strings.Repeat("x", i), model.Gauge), "", nil, []float64{1})
	}
	s := w.last()
	for limit, want := range map[int]int{-1: 100, 0: 100, 7: 7, 5000: 1000} {
		answer := query.Search(s, "", limit)
		if len(answer.Rows) != want || answer.MatchedFamilies != 1100 || answer.Families != 1100 {
			t.Errorf("limit %d: got %d rows of %d families, want %d", limit, len(answer.Rows), answer.MatchedFamilies, want)
		}
	}
	if got := query.Search(s, strings.Repeat("f ", 500), 1); got.MatchedFamilies != 1100 {
		t.Errorf("with many words, got %d families", got.MatchedFamilies)
	}
}

func TestSearchLabels(t *testing.T) {
	row := query.Search(shop().last(), "http_requests_total", 1).Rows[0]
	if row.Name != "http_requests_total" || row.Type != "counter" || row.Series != 4 || row.Help == "" {
		t.Errorf("got %+v", row)
	}
	var got []string
	for _, l := range row.Labels {
		got = append(got, l.Name+string(rune('0'+l.Values)))
	}
	if want := []string{"code3", "method2", "path1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTextsAreCut checks that long names, helps and labels are cut, and that the page can ask for a family by
// the cut name.
func TestTextsAreCut(t *testing.T) {
	w := newWorld(0)
	long := strings.Repeat("é", 1<<19)
	f := w.family("name_"+long, model.Gauge)
	f.Help = "a\nb\x00c\u202e" + long
	w.series(f, "l"+long+"=x<script>"+long, nil, []float64{1})
	row := query.Search(w.last(), "name", 0).Rows[0]
	for what, text := range map[string]struct {
		text string
		want int
	}{"name": {row.Name, 201}, "help": {row.Help, 501}, "label": {row.Labels[0].Name, 201}} {
		if n := utf8.RuneCountInString(text.text); n != text.want || !strings.HasSuffix(text.text, "…") {
			t.Errorf("the %s has %d runes, want %d", what, n, text.want)
		}
	}
	if !strings.HasPrefix(row.Help, "a b\uFFFDc\uFFFDé") {
		t.Errorf("got help %q", row.Help[:20])
	}
	// The page knows only the displayed form of the family and the label, and can still ask for them.
	d := query.Detail(w.last(), nil, query.DetailOptions{Family: row.Name})
	if d == nil || len(d.Rows) != 1 || utf8.RuneCountInString(d.Rows[0].Labels[0][1]) != 201 {
		t.Fatalf("got %v", d)
	}
	if v := query.Values(w.last(), row.Name, row.Labels[0].Name, 0); v == nil || v.Values != 1 {
		t.Errorf("got %v", v)
	}
	if got := query.Search(w.last(), "x<script>é", 0).MatchedSeries; got != 1 {
		t.Errorf("the beginning of a long value is found %d times", got)
	}
}

func TestSearchDoesNotAllocate(t *testing.T) {
	s := shop().last()
	few := testing.AllocsPerRun(100, func() { query.Search(s, "nowhere", 0) })
	for range 10 {
		s.Families[1].Series = append(s.Families[1].Series, s.Families[1].Series...)
	}
	many := testing.AllocsPerRun(100, func() { query.Search(s, "nowhere", 0) })
	if many > few {
		t.Errorf("with many series, a search allocates %v times, with few %v", many, few)
	}
}
