package metric_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// selectable is a registry with collectors a, b and c, an instrument d, and a registry
// "inner" with a collector e and an instrument f.
type selectable struct {
	registry   *metric.ContextRegistry
	collectors map[string]*metrictest.Collector
}

func newSelectable(t *testing.T) *selectable {
	t.Helper()
	s := &selectable{metric.NewContextRegistry(), make(map[string]*metrictest.Collector)}
	inner := metric.NewContextRegistry()
	register := func(r *metric.ContextRegistry, name string, c metric.Collector) {
		if err := r.RegisterWith(c, metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"a", "b", "c", "e"} {
		c := metrictest.New("family_"+name, metrictest.Healthy())
		s.collectors[name] = c
		r := s.registry
		if name == "e" {
			r = inner
		}
		register(r, name, []metric.Collector{c, c.Stream(), c.Plain(), c}[i])
	}
	register(s.registry, "d", counterNamed("family_d"))
	register(inner, "f", counterNamed("family_f"))
	register(s.registry, "inner", inner)
	return s
}

// selections are selections with the collectors that must run and the families that must be served.
var selections = map[string]struct {
	selection metric.Selection
	run       []string
	served    string // letters of the families
	problem   string
}{
	"nothing":             {metric.Selection{}, []string{"a", "b", "c", "e"}, "abcdef", ""},
	"collectors":          {metric.Selection{Collectors: []string{"a", "d"}}, []string{"a"}, "ad", ""},
	"twice":               {metric.Selection{Collectors: []string{"b", "b"}}, []string{"b"}, "b", ""},
	"exclude":             {metric.Selection{Exclude: []string{"a", "d"}}, []string{"b", "c", "e"}, "bcef", ""},
	"a registry":          {metric.Selection{Collectors: []string{"inner"}}, []string{"e"}, "ef", ""},
	"in a registry":       {metric.Selection{Collectors: []string{"inner/e", "a"}}, []string{"a", "e"}, "ae", ""},
	"not in a registry":   {metric.Selection{Exclude: []string{"inner/e"}}, []string{"a", "b", "c"}, "abcdf", ""},
	"not a registry":      {metric.Selection{Exclude: []string{"inner"}}, []string{"a", "b", "c"}, "abcd", ""},
	"families":            {metric.Selection{Families: []string{"family_a", "family_d", "family_e", "family_x"}}, []string{"a", "e"}, "ade", ""},
	"both":                {metric.Selection{Families: []string{"family_a", "family_b"}, Exclude: []string{"a"}}, []string{"b"}, "b", ""},
	"unknown":             {metric.Selection{Collectors: []string{"a", "y", "x"}}, nil, "", `no collectors named "x", "y"; there are a, b`},
	"many unknown":        {metric.Selection{Collectors: []string{"6", "5", "4", "3", "2", "1", "a"}}, nil, "", `no collectors named "1", "2", "3", "4", "5" and others; there are a`},
	"unknown exclude":     {metric.Selection{Exclude: []string{"x"}}, nil, "", `no collector named "x"`},
	"unknown inside":      {metric.Selection{Collectors: []string{"inner/x"}}, nil, "", `no collector named "inner/x"`},
	"contradiction":       {metric.Selection{Collectors: []string{"a"}, Exclude: []string{"b"}}, nil, "", "both selected and excluded"},
	"too many collectors": {metric.Selection{Collectors: numbered(1001)}, nil, "", "1001 names, more than the 1000"},
	"too many exclusions": {metric.Selection{Exclude: numbered(1001)}, nil, "", "1001 names, more than the 1000"},
	"too many families":   {metric.Selection{Families: numbered(1001)}, nil, "", "1001 names, more than the 1000"},
	"too long a name":     {metric.Selection{Collectors: []string{strings.Repeat("x", 1001)}}, nil, "", "1001 bytes, more than the 1000"},
	"too long a family":   {metric.Selection{Families: []string{strings.Repeat("x", 1001)}}, nil, "", "1001 bytes, more than the 1000"},
	"as many and as long": {metric.Selection{Families: append(numbered(999), strings.Repeat("x", 1000))}, nil, "", ""},
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	return names
}

// TestSelect checks selections by a value in the context.
func TestSelect(t *testing.T) {
	for name, test := range selections {
		t.Run(name, func(t *testing.T) {
			s := newSelectable(t)
			families, err := s.registry.GatherWithContext(metric.Select(t.Context(), test.selection))
			var served strings.Builder
			for _, f := range families {
				served.WriteString(strings.TrimPrefix(f.GetName(), "family_"))
			}
			if served.String() != test.served {
				t.Errorf("served %q, want %q", served.String(), test.served)
			}
			s.check(t, test.run)
			wantProblem(t, fmt.Sprint(err), err != nil, test.problem)
		})
	}
}

func wantProblem(t *testing.T, text string, has bool, want string) {
	t.Helper()
	if has != (want != "") || !strings.Contains(text, want) {
		t.Errorf("got %.300q, want %q", text, want)
	}
}

// check checks which collectors have run.
func (s *selectable) check(t *testing.T, want []string) {
	t.Helper()
	var ran []string
	for _, name := range slices.Sorted(maps.Keys(s.collectors)) {
		if s.collectors[name].Started() > 0 {
			ran = append(ran, name)
		}
	}
	if !slices.Equal(ran, want) {
		t.Errorf("%q have run, want %q", ran, want)
	}
}

// TestSelectByRequest checks selections by the parameters of a request, in each format.
func TestSelectByRequest(t *testing.T) {
	for name, test := range selections {
		for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
			t.Run(name+"/"+accept, func(t *testing.T) {
				s := newSelectable(t)
				h := metric.HandlerForContext(s.registry, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true})
				query := url.Values{"collect[]": test.selection.Collectors, "exclude[]": test.selection.Exclude, "name[]": test.selection.Families}
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics?"+query.Encode(), http.NoBody)
				r.Header.Set("Accept", accept)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				code := http.StatusOK
				if test.problem != "" {
					code = http.StatusBadRequest
				}
				if w.Code != code {
					t.Errorf("got status %d, want %d", w.Code, code)
				}
				wantProblem(t, w.Body.String(), w.Code == http.StatusBadRequest, test.problem)
				s.check(t, test.run)
				if test.problem != "" {
					return
				}
				for _, letter := range "abcdef" {
					has := strings.Contains(w.Body.String(), "family_"+string(letter))
					if has != strings.ContainsRune(test.served, letter) {
						t.Errorf("family_%c is there: %v", letter, has)
					}
				}
			})
		}
	}
}

// TestSelectTwice checks that selections combine: the handler serves only the families that both the
// program and the request select.
func TestSelectTwice(t *testing.T) {
	s := newSelectable(t)
	allowed := metric.Select(t.Context(), metric.Selection{Collectors: []string{"a", "b", "d"}})
	allowed = metric.Select(allowed, metric.Selection{Exclude: []string{"d"}})
	h := metric.HandlerForContext(s.registry, metric.HandlerOpts{
		ErrorHandling: metric.ContinueOnError,
		ContextFunc:   func(*http.Request) context.Context { return allowed },
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?collect[]=b&collect[]=c", http.NoBody))
	if body := w.Body.String(); !strings.Contains(body, "family_b") || strings.Count(body, "# TYPE") != 1 {
		t.Errorf("got status %d and\n%s", w.Code, body)
	}
	s.check(t, []string{"b"})
}

// TestSelectionOfRequestRefused checks that a request for an unknown collector gets status 400,
// unless the handler ignores selections.
func TestSelectionOfRequestRefused(t *testing.T) {
	s := newSelectable(t)
	for name, test := range map[string]struct {
		opts metric.HandlerOpts
		code int
	}{
		"honoured": {metric.HandlerOpts{ErrorHandling: metric.ContinueOnError}, http.StatusBadRequest},
		"ignored":  {metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, DisableCollectorSelection: true}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			metric.HandlerForContext(s.registry, test.opts).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?collect[]=nobody", http.NoBody))
			if w.Code != test.code {
				t.Errorf("got status %d, want %d", w.Code, test.code)
			}
		})
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.URL.RawQuery = "collect[]=%zz"
	metric.HandlerForContext(s.registry, metric.HandlerOpts{}).ServeHTTP(w, r)
	wantProblem(t, w.Body.String(), w.Code == http.StatusBadRequest, "the query of the URL is not valid")
}

// TestSelectBesideCoalesced checks that a request with a selection gets its selection, and that
// overlapping requests get everything.
func TestSelectBesideCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := oneCounter()
		slow := metric.NewCollectorFunc(describing("slow"), func(_ context.Context, ch chan<- metric.Metric) {
			time.Sleep(time.Minute)
			ch <- metric.MustNewConstMetric(desc("slow"), metric.GaugeValue, 1)
		})
		if err := r.RegisterWith(slow, metric.WithName("slow")); err != nil {
			t.Fatal(err)
		}
		h := metric.HandlerFor(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, CoalesceGather: true})
		all := namesIn(request(h).Body)
		if len(all) < 2 {
			t.Fatalf("there is only %v", all)
		}
		var requests sync.WaitGroup
		for query, want := range map[string][]string{"name[]=slow": {"slow"}, "collect[]=slow": {"slow"}, "": all} {
			requests.Go(func() {
				if query == "" {
					time.Sleep(time.Second) // the others are under way
				}
				w := requestTo(h, "/metrics?"+query)
				if got := namesIn(w.Body); w.Code != http.StatusOK || !slices.Equal(got, want) {
					t.Errorf("%q: got %v, status %d, want %v", query, got, w.Code, want)
				}
			})
		}
		requests.Wait()
	})
}

// TestUnknownCollectorListsEachNameOnce checks that the error for an unknown collector contains
// each valid name once.
func TestUnknownCollectorListsEachNameOnce(t *testing.T) {
	w := httptest.NewRecorder()
	metric.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics?collect[]=nobody", nil))
	body := w.Body.String()
	if n := strings.Count(body, "client_golang"); w.Code != 400 || n != 1 {
		t.Errorf("got status %d and client_golang %d times, want 400 and once: %s", w.Code, n, body)
	}
}
