package metric_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

// TestSelectionParameters checks that parameters that resemble the parameters of the handler are
// understood or refused, never ignored. All others are left to the program.
func TestSelectionParameters(t *testing.T) {
	const all = "abcdef"
	for query, test := range map[string]struct {
		served  string   // letters of the families
		refused []string // texts in the body
	}{
		"collect=a":                         {"a", nil},
		"collect=a&collect[]=b&collect=d":   {"abd", nil},
		"collect%5B%5D=a":                   {"a", nil},
		"%63ollect=a":                       {"a", nil},
		"exclude=a&exclude[]=inner":         {"bcd", nil},
		"collect=inner/e":                   {"e", nil},
		"collect=inner/":                    {"", []string{`no collector named "inner/"`}},
		"collect=x":                         {"", []string{`no collector named "x"`, "there are a, b, c, d, inner, inner/e, inner/f"}},
		"collect=x&collect[]=y%22":          {"", []string{`no collectors named "x", "y\""; there are a, b,`}},
		"exclude=x":                         {"", []string{`no collector named "x"`, "there are a, b, c, d, inner, inner/e, inner/f"}},
		"collect=a&exclude[]=b":             {"", []string{"both selected and excluded"}},
		"collect[]=":                        {"", []string{"name of a collector is empty", "there are a, b, c, d, inner, inner/e, inner/f"}},
		"collect[]":                         {"", []string{"name of a collector is empty", "there are a,"}},
		"collect=":                          {"", []string{"name of a collector is empty", "there are a,"}},
		"collect[]=a&collect[]=":            {"", []string{"name of a collector is empty", "there are a,"}},
		"exclude[]=":                        {"", []string{"name of a collector is empty", "there are a,"}},
		"collect[]=/":                       {"", []string{`no collector named "/"`}},
		"name[]=":                           {"", []string{"name[]= is empty", "name[]=FAMILY"}},
		"name[]=family_a":                   {"a", nil},
		"name=family_a":                     {"", []string{"no parameter name=", "name[]=FAMILY", "DisableCollectorSelection"}},
		"collect[0]=a":                      {"", []string{`no parameter "collect[0]"`, "collect[]=NAME", "exclude[] and name[]"}},
		"Collect[]=a":                       {"", []string{`no parameter "Collect[]"`, "collect[]=NAME"}},
		"COLLECT=a":                         {"", []string{`no parameter "COLLECT"`, "collect[]=NAME"}},
		"collect[=a":                        {"", []string{`no parameter "collect["`, "collect[]=NAME"}},
		"collect[]%20=a":                    {"", []string{`no parameter "collect[] "`, "collect[]=NAME"}},
		"collectors[]=a":                    {"", []string{`no parameter "collectors[]"`, "collect[]=NAME"}},
		"exclude[a]=":                       {"", []string{`no parameter "exclude[a]"`, "exclude[]=NAME"}},
		"names[]=a":                         {"", []string{`no parameter "names[]"`, "name[]=NAME"}},
		"NAME[]=a":                          {"", []string{`no parameter "NAME[]"`, "name[]=NAME"}},
		"collectors=a&target=x&module[]=y":  {all, nil},
		"names=a&collector=b&filter=c&x[]=": {all, nil},
		"":                                  {all, nil},
	} {
		t.Run(query, func(t *testing.T) {
			s := newSelectable(t)
			w := requestTo(metric.HandlerFor(s.registry), "/metrics?"+query)
			if test.refused == nil {
				var want []string
				for _, letter := range test.served {
					want = append(want, "family_"+string(letter))
				}
				if got := slices.Sorted(slices.Values(namesIn(w.Body))); w.Code != http.StatusOK || !slices.Equal(got, want) {
					t.Errorf("got status %d and %q, want %q", w.Code, got, want)
				}
				return
			}
			if w.Code != http.StatusBadRequest {
				t.Errorf("got status %d, want 400", w.Code)
			}
			for _, want := range test.refused {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("got %q, want %q", w.Body, want)
				}
			}
			s.check(t, nil)
			// A program that uses these parameters itself sets this option.
			if strings.Contains(query, "name[]") {
				return
			}
			w = requestTo(metric.HandlerFor(s.registry, metric.HandlerOpts{DisableCollectorSelection: true}), "/metrics?"+query)
			if got := slices.Sorted(slices.Values(namesIn(w.Body))); w.Code != http.StatusOK || len(got) != len(all) {
				t.Errorf("without selection: got status %d and %q", w.Code, got)
			}
		})
	}
}

// TestSelectionErrorIsBounded checks that an answer contains neither a long list nor a long name
// that the client has sent.
func TestSelectionErrorIsBounded(t *testing.T) {
	r := metric.NewContextRegistry()
	for _, name := range numbered(300) {
		register(t, r, "collector-"+name, plain{"family_" + name, func(chan<- metric.Metric) {}})
	}
	long := strings.Repeat("x", 900)
	severalLong := "collect=1" + long + "&collect=2" + long + "&collect=3" + long + "&collect=4" + long + "&collect=5" + long + "&collect=6" + long
	for _, query := range []string{"collect=" + long, "collect[]=", "collect[" + long + "]=a", "exclude=" + strings.Repeat("&exclude=y", 900), severalLong} {
		w := requestTo(metric.HandlerFor(r), "/metrics?"+query)
		if w.Code != http.StatusBadRequest || w.Body.Len() > 1000 {
			t.Errorf("%.30s: got status %d and %d bytes:\n%s", query, w.Code, w.Body.Len(), w.Body)
		}
		if !strings.Contains(query, "[x") && !strings.Contains(w.Body.String(), "collector-0, collector-1, collector-10, ") {
			t.Errorf("%.30s: no collector is named: %s", query, w.Body)
		}
	}
	// The error says that the registry has no collectors.
	w := requestTo(metric.HandlerFor(metric.NewContextRegistry()), "/metrics?collect=a")
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "there are none") {
		t.Errorf("got status %d and %s", w.Code, w.Body)
	}
}

// TestSelectEmptyName checks that an empty name in a [metric.Selection] does not select a gatherer
// without a name.
func TestSelectEmptyName(t *testing.T) {
	withDefault(t, metric.NewContextRegistry())
	for name, s := range map[string]metric.Selection{
		"collectors": {Collectors: []string{""}}, "exclude": {Exclude: []string{""}},
	} {
		if _, err := metric.DefaultGatherers().GatherWithContext(metric.Select(t.Context(), s)); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}
