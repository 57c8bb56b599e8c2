package e2e

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// format is an exposition format that Prometheus can ask for.
type format struct {
	name        string
	accept      string
	utf8        bool // names are not escaped
	openMetrics bool // version 1
	protobuf    bool

	openMetrics2 bool
}

// native reports whether the format has native histograms.
func (f format) native() bool { return f.protobuf || f.openMetrics2 }

// rich reports whether the format has units, exemplars and creation times.
func (f format) rich() bool { return f.openMetrics || f.native() }

var formats = []format{
	{name: "text004", accept: "text/plain;version=0.0.4"},
	{name: "text004-utf8", accept: "text/plain;version=0.0.4;escaping=allow-utf-8", utf8: true},
	{name: "text100", accept: "text/plain;version=1.0.0;escaping=allow-utf-8", utf8: true},
	{name: "openmetrics001", accept: "application/openmetrics-text;version=0.0.1", openMetrics: true},
	{name: "openmetrics100", accept: "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", utf8: true, openMetrics: true},
	{name: "openmetrics200", accept: "application/openmetrics-text;version=2.0.0", utf8: true, openMetrics2: true},
	{name: "openmetrics200-underscores", accept: "application/openmetrics-text;version=2.0.0;escaping=underscores", openMetrics2: true},
	{name: "protobuf", accept: protobuf, protobuf: true},
	{name: "protobuf-utf8", accept: protobuf + ";escaping=allow-utf-8", utf8: true, protobuf: true},
}

// offered returns the formats that a handler must offer so that each test format is chosen.
func offered() []expfmt.Format {
	return append(expfmt.DefaultOpenMetricsAcceptedFormats(), expfmt.FmtOpenMetrics_2_0_0)
}

const protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

// exposition is an exposition as Prometheus reads it.
type exposition struct {
	floats     map[string]float64
	histograms map[string]*histogram.FloatHistogram
	exemplars  map[string][]exemplar.Exemplar
	created    map[string]int64 // milliseconds since the Unix epoch; missing if unknown
	metadata   map[string]metadata

	added labels.Labels // labels of the keys that are not in the exposition itself
}

// scrape asks h for a format and reads the response with Prometheus's parser.
func scrape(t *testing.T, h http.Handler, f format) exposition {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	req.Header.Set("Accept", f.accept)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	got, err := parse(rec.Body.Bytes(), rec.Header().Get("Content-Type"))
	if err != nil {
		t.Fatalf("%v\n%q", err, rec.Body)
	}
	return got
}

// parse reads an exposition the way Prometheus's scrape loop does. It adds the added labels to the keys,
// and renames the labels of series that have such a name already.
func parse(body []byte, contentType string, added ...string) (exposition, error) {
	e := exposition{
		added:      labels.FromStrings(added...),
		floats:     map[string]float64{},
		histograms: map[string]*histogram.FloatHistogram{},
		exemplars:  map[string][]exemplar.Exemplar{},
		created:    map[string]int64{},
		metadata:   map[string]metadata{},
	}
	p, err := textparse.New(body, contentType, labels.NewSymbolTable(), textparse.ParserOptions{
		KeepClassicOnClassicAndNativeHistograms: true,
		OpenMetricsSkipSTSeries:                 true,
		EnableOpenMetrics2:                      true,
	})
	if err != nil {
		return e, err
	}
	for {
		entry, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return e, nil
		case err != nil:
			return e, err
		}
		e.add(p, entry)
	}
}

func (e *exposition) add(p textparse.Parser, entry textparse.Entry) {
	switch entry {
	case textparse.EntryHelp:
		name, help := p.Help()
		m := e.metadata[string(name)]
		m.Help = string(help)
		e.metadata[string(name)] = m
	case textparse.EntryType:
		name, kind := p.Type()
		m := e.metadata[string(name)]
		m.Type = kind
		e.metadata[string(name)] = m
	case textparse.EntryUnit:
		name, unit := p.Unit()
		m := e.metadata[string(name)]
		m.Unit = string(unit)
		e.metadata[string(name)] = m
	case textparse.EntrySeries, textparse.EntryHistogram:
		e.addSample(p, entry)
	}
}

func (e *exposition) addSample(p textparse.Parser, entry textparse.Entry) {
	var all labels.Labels
	p.Labels(&all)
	b := labels.NewBuilder(all.WithoutEmpty())
	e.added.Range(func(l labels.Label) {
		if own := all.Get(l.Name); own != "" {
			b.Set(model.ExportedLabelPrefix+l.Name, own)
		}
		b.Set(l.Name, l.Value)
	})
	key := b.Labels().String()
	if entry == textparse.EntrySeries {
		_, _, e.floats[key] = p.Series()
	} else {
		_, _, h, fh := p.Histogram()
		if h != nil {
			fh = h.ToFloat(nil)
		}
		e.histograms[key] = fh
	}
	if ms := p.StartTimestamp(); ms != 0 {
		e.created[key] = ms
	}
	for {
		var ex exemplar.Exemplar
		if !p.Exemplar(&ex) {
			return
		}
		e.exemplars[key] = append(e.exemplars[key], ex)
	}
}

// compareFloats reports every series that is missing, is unexpected or has another value.
func compareFloats(t *testing.T, got, want map[string]float64) {
	t.Helper()
	for key, v := range want {
		if g, ok := got[key]; !ok {
			t.Errorf("%s is missing, want %v", key, v)
		} else if !same(g, v) {
			t.Errorf("%s = %v, want %v", key, g, v)
		}
	}
	for key, v := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("unexpected %s = %v", key, v)
		}
	}
}

// same reports whether two values are equal, except for rounding that depends on the order of additions.
func same(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

// bucket is a populated bucket of a native histogram.
type bucket struct {
	lower, upper                   float64
	lowerInclusive, upperInclusive bool
	count                          float64
}

func (b bucket) holds(v float64) bool {
	return (b.lower < v || b.lowerInclusive && b.lower == v) && (v < b.upper || b.upperInclusive && v == b.upper)
}

// compareNative checks that the buckets hold exactly the observations and are as narrow as the factor
// promises.
func compareNative(t *testing.T, key string, count, total float64, buckets []bucket, factor float64, observed []float64) {
	t.Helper()
	if count != float64(len(observed)) || !same(total, sum(observed)) {
		t.Errorf("%s has count %v and sum %v, want %d and %v", key, count, total, len(observed), sum(observed))
	}
	left := slices.Clone(observed)
	for _, b := range buckets {
		before := len(left)
		left = slices.DeleteFunc(left, b.holds)
		if found := before - len(left); float64(found) != b.count {
			t.Errorf("%s has %v in the bucket from %v to %v, want %d", key, b.count, b.lower, b.upper, found)
		}
		if width := b.upper / b.lower; b.lower > 0 && width > factor+1e-9 {
			t.Errorf("%s has a bucket from %v to %v, want a factor of at most %v", key, b.lower, b.upper, factor)
		}
	}
	if len(left) > 0 {
		t.Errorf("%s has no buckets for %v", key, left)
	}
}
