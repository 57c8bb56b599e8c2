package metric_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

// TestGatherError checks that the error of a scrape contains the error of each collector and the
// collector's name.
func TestGatherError(t *testing.T) {
	r := metric.NewContextRegistry()
	boom, bust := errors.New("boom"), errors.New("bust")
	for name, err := range map[string]error{"one": boom, "two": bust} {
		if err := r.RegisterWith(streamOf(name, func(context.Context, *metric.Sink) error { return err }), metric.WithName(name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Gather()
	if !errors.Is(err, boom) || !errors.Is(err, bust) {
		t.Errorf("got error %v", err)
	}
	if !errors.Is(failuresOf(err, "one"), boom) || !errors.Is(failuresOf(err, "two"), bust) {
		t.Errorf("the failures are %v", err)
	}
	if multi, ok := errors.AsType[metric.MultiError](err); !ok || len(multi) != 2 {
		t.Errorf("got MultiError %v", multi)
	}
	if text := err.Error(); text != "2 error(s) occurred:\n* boom\n* bust" && text != "2 error(s) occurred:\n* bust\n* boom" {
		t.Errorf("got error text %q", text)
	}
	_, err = r.GatherWithContext(t.Context())
	if text := err.Error(); !strings.HasPrefix(text, "2 error(s) occurred:\n* collector ") {
		t.Errorf("got error text %q under a context", text)
	}
}

// TestPlainGatherError checks that the text of an error is client_golang's, for programs that parse it.
func TestPlainGatherError(t *testing.T) {
	broken := func(message string) *metric.ContextRegistry {
		r := metric.NewContextRegistry()
		r.MustRegister(plain{"broken", func(ch chan<- metric.Metric) {
			ch <- metric.NewInvalidMetric(desc("broken"), errors.New(message))
		}})
		return r
	}
	// client_golang's text for the invalid metric
	const about = `error collecting metric Desc{fqName: "broken", help: "Of a test.", unit: "", constLabels: {}, variableLabels: {}}: `
	plainGatherer := func(err error) metric.Gatherer {
		return metric.GathererFunc(func() ([]*metric.MetricFamily, error) { return nil, err })
	}
	twice := oneCounter()
	for name, tc := range map[string]struct {
		gatherer metric.Gatherer
		text     string
	}{
		"registry":  {broken("no luck"), about + "no luck"},
		"gatherers": {metric.Gatherers{twice, broken("no luck")}, "[from Gatherer #2] " + about + "no luck"},
		"two gatherers": {
			metric.Gatherers{plainGatherer(errors.New("boom")), plainGatherer(nil), plainGatherer(errors.New("bust"))},
			"2 error(s) occurred:\n* [from Gatherer #1] boom\n* [from Gatherer #3] bust",
		},
		"duplicate": {metric.Gatherers{plainGatherer(nil), twice, gathererOf("other", nil), gathererFrom(twice)},
			`collected metric "requests_total" {} was collected before with the same name and label values`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tc.gatherer.Gather()
			if err == nil || err.Error() != tc.text {
				t.Errorf("got %v\nwant %s", err, tc.text)
			}
			if failed, ok := errors.AsType[*metric.GatherError](err); !ok || failed.Failures[0].Collector == "" {
				t.Errorf("%#v does not name the collector", err)
			}
			// A Gatherers of client_golang that contains the gatherer has the same error text.
			if multi, ok := errors.AsType[metric.MultiError](err); !ok || multi.MaybeUnwrap().Error() != tc.text {
				t.Errorf("got the MultiError %v", multi)
			}
		})
	}
}

// TestFloodOfErrors checks that the errors of a single collector are limited.
func TestFloodOfErrors(t *testing.T) {
	r := metric.NewContextRegistry()
	r.MustRegister(metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) {
		for range 10_000 {
			ch <- metric.NewInvalidMetric(desc("a"), errors.New("boom"))
		}
	}))
	_, err := r.Gather()
	gathered, ok := errors.AsType[*metric.GatherError](err)
	if !ok || len(gathered.Failures) > 101 || !strings.Contains(err.Error(), "9950 more") {
		t.Errorf("got %d failures: %.200v", len(gathered.Failures), err)
	}
}
