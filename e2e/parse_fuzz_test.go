package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	common "github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
	internal "github.com/luxfi/metric/internal/parse"
)

// FuzzParseText checks that internal/parse reads the same series from the text format as Prometheus, and
// that Prometheus reads the same series again after they have been written.
func FuzzParseText(f *testing.F) {
	for _, body := range []string{
		"# HELP a x\n# TYPE a counter\na{b=\"c\",d=\"e\\n\"} 1\na{b=\"c\",d=\"f\"} 2 17\n", " a\t{ b = \"c\" , } 1e3\t5\n",
		"{\"a.b\",c=\"d\",\"e.f\"=\"g\"} +Inf\n", "# TYPE a summary\na{quantile=\"0.5\"} 1\na_sum 1\na_count 1\n",
		"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 2\n", "a 1\nb 2\na{x=\"\"} 3\n",
		"a{b=\"1\",a=\"2\"} NaN\n", "#\n\n# x\na 0.1\n", "a{b=\"\\d\"} 1\n",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		// Prometheus adds a missing final line feed and ends at a NUL. It takes leading blanks for a
		// part of the name, and describes a family only by comments with a blank.
		if !bytes.HasSuffix(body, []byte("\n")) || bytes.ContainsAny(body, "\x00") || strange.Match(body) {
			t.Skip()
		}
		compareParsers(t, internal.Text, encode.Text, "text/plain;version=0.0.4", body)
	})
}

var strange = regexp.MustCompile(`(?m)^[ \t]|#TYPE|#HELP`)

// FuzzParseOpenMetrics is like [FuzzParseText], for OpenMetrics.
func FuzzParseOpenMetrics(f *testing.F) {
	for _, body := range []string{
		"# TYPE a counter\n# HELP a x\\ny\na_total{x=\"y\"} 1 # {t=\"u\"} 0.5 1.25\na_created{x=\"y\"} 1.5\n# EOF\n",
		"# TYPE a_s gauge\n# UNIT a_s s\na_s 1 1.5\n# EOF\n", "{\"a.b\",c=\"d\",\"e.f\"=\"g\"} +Inf\n# EOF\n", "a{x=\"1\",} 1\n# EOF",
		"# TYPE a gaugehistogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 2\na_gcount 2\na_gsum 1\n# EOF\n",
		"# TYPE a info\na_info{v=\"1\"} 1\n# TYPE b stateset\nb{b=\"x\"} 1\nb{b=\"y\"} 0\n# EOF\n", "# TYPE a unknown\na 1\n# EOF\n",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.ContainsAny(body, "\x00") {
			t.Skip()
		}
		compareParsers(t, internal.OpenMetrics, encode.OpenMetrics, "application/openmetrics-text;version=1.0.0", body)
	})
}

// onlyPrometheusReads are parts of the error texts for bodies that only Prometheus accepts.
var onlyPrometheusReads = []string{
	"has no closing quote in its line, or is not UTF-8", // Prometheus accepts line feeds in strings, and any bytes in names.
	"allowed are a comma and a closing brace",           // It accepts labels without a comma between them,
	"is empty",                          // an empty name in quotes,
	"in a comment: allowed are a blank", // and any byte after a name.
}

// special matches labels whose values Prometheus reformats, even after the TYPE line of another family.
var special = regexp.MustCompile(`(le|quantile)"?[ \t]*=`)

// compareParsers fails the test unless Prometheus and internal/parse read the same series from body.
func compareParsers(t *testing.T, in internal.Format, out encode.Format, contentType string, body []byte) {
	want, wantErr := readSeries(body, contentType)
	written, simple, dropped, err := rewrite(in, out, body)
	if err != nil {
		allowed := slices.ContainsFunc(onlyPrometheusReads, func(part string) bool { return strings.Contains(err.Error(), part) })
		if wantErr == nil && !allowed {
			t.Errorf("only Prometheus reads %q: %v", body, err)
		}
		return
	}
	got, err := readSeries(written, contentType)
	if err != nil {
		t.Errorf("%v in %q, written after reading %q", err, written, body)
	}
	if wantErr == nil && simple && dropped == 0 && !special.Match(body) && !maps.Equal(got, want) {
		t.Errorf("got %v, want %v in %q", got, want, body)
	}
}

// rewrite reads a body and writes it again. It reports simple if no series consists of several lines.
func rewrite(in internal.Format, out encode.Format, body []byte) (written []byte, simple bool, dropped int, err error) {
	var buf bytes.Buffer
	e := encode.NewEncoder(&buf, encode.Options{Format: out, Escaping: common.NoEscaping, CreatedLines: true})
	defer e.Release()
	simple = true
	var last *model.Family
	add := func(f *model.Family, p *model.Point) error {
		if f != last {
			last = f
			if err := e.Family(f); err != nil {
				return err
			}
		}
		var refusal *encode.PointError // OpenMetrics cannot represent float histograms.
		if err := e.Point(p); err != nil && !errors.As(err, &refusal) {
			return err
		}
		simple = simple && p.Histogram == nil && p.Summary == nil && !p.Created.Valid
		return nil
	}
	x, err := internal.Read(in, body, internal.Limits{}, add, func(error) { dropped++ })
	if err != nil {
		return nil, false, 0, err
	}
	for _, source := range x.Sources {
		series := source.Series()
		var p model.Point
		var scratch model.Scratch
		for i := range series.Len() {
			series.At(i, &p, &scratch)
			if err := add(source.Family(), &p); err != nil {
				return nil, false, 0, err
			}
		}
	}
	err = e.Close()
	return buf.Bytes(), simple, dropped, err
}

// readSeries reads a body with Prometheus's parser. It returns the values keyed by labels and timestamps.
func readSeries(body []byte, contentType string) (map[string]string, error) {
	p, err := textparse.New(bytes.Clone(body), contentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return nil, err
	}
	series := make(map[string]string)
	for {
		entry, err := p.Next()
		switch {
		case errors.Is(err, io.EOF):
			return series, nil
		case err != nil:
			return nil, err
		case entry == textparse.EntrySeries:
			var l labels.Labels
			p.Labels(&l)
			_, at, v := p.Series()
			key := l.WithoutEmpty().String()
			if at != nil {
				key += fmt.Sprint(" at ", *at)
			}
			series[key] += fmt.Sprint(math.Float64bits(v), ";")
		}
	}
}
