package metric_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/luxfi/metric"
)

// sample is a line of an exposition, or its counterpart in other formats.
type sample struct {
	name   string
	labels map[string]string
	value  float64
}

// reader collects the content of an exposition and checks that nothing occurs twice.
type reader struct {
	families map[string]bool
	samples  map[string]sample
	errs     []error
}

func (r *reader) family(name, typ string) {
	if r.families[name] {
		r.errs = append(r.errs, fmt.Errorf("a second family %q, a %s", name, typ))
	}
	r.families[name] = true
}

func (r *reader) add(s sample) {
	maps.DeleteFunc(s.labels, func(_, value string) bool { return value == "" })
	key := fmt.Sprint(s.name, s.labels)
	if _, ok := r.samples[key]; ok {
		r.errs = append(r.errs, fmt.Errorf("a second series %s", key))
	}
	r.samples[key] = s
}

func (r *reader) read(body []byte, v view) error {
	switch v.format {
	case expfmt.FmtProtoDelim:
		d := expfmt.NewDecoder(bytes.NewReader(body), v.format.WithEscapingScheme(v.escaping))
		for {
			var f metric.MetricFamily
			err := d.Decode(&f)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			r.message(&f)
		}
	case expfmt.FmtProtoCompact:
		for line := range bytes.Lines(body) {
			var f metric.MetricFamily
			if err := prototext.Unmarshal(line, &f); err != nil {
				return err
			}
			r.message(&f)
		}
		return nil
	case expfmt.FmtText:
		p := expfmt.NewTextParser(model.UTF8Validation)
		if _, err := p.TextToMetricFamilies(bytes.NewReader(body)); err != nil {
			return err
		}
	}
	return r.lines(body, v)
}

// message reads a family as Prometheus does.
func (r *reader) message(f *metric.MetricFamily) {
	name := f.GetName()
	r.family(name, f.GetType().String())
	for _, m := range f.Metric {
		labels := make(map[string]string)
		for _, l := range m.Label {
			if _, ok := labels[l.GetName()]; ok {
				r.errs = append(r.errs, fmt.Errorf("a second label %s of %s", l.GetName(), name))
			}
			labels[l.GetName()] = l.GetValue()
		}
		add := func(suffix, extra, value string, v float64) {
			l := maps.Clone(labels)
			if extra != "" {
				l[extra] = value
			}
			r.add(sample{name + suffix, l, v})
		}
		switch {
		case m.Histogram != nil:
			for _, b := range m.Histogram.Bucket {
				add("_bucket", "le", fmt.Sprint(b.GetUpperBound()), float64(b.GetCumulativeCount()))
			}
			add("_sum", "", "", m.Histogram.GetSampleSum())
			add("_count", "", "", float64(m.Histogram.GetSampleCount()))
		case m.Summary != nil:
			for _, q := range m.Summary.Quantile {
				add("", "quantile", fmt.Sprint(q.GetQuantile()), q.GetValue())
			}
			add("_sum", "", "", m.Summary.GetSampleSum())
			add("_count", "", "", float64(m.Summary.GetSampleCount()))
		case m.Counter != nil:
			add("", "", "", m.Counter.GetValue())
		case m.Gauge != nil:
			add("", "", "", m.Gauge.GetValue())
		}
	}
}

// lines reads the text formats. Every sample must belong to the family before it.
func (r *reader) lines(body []byte, v view) error {
	openMetrics := v.format == expfmt.FmtOpenMetrics_1_0_0
	family, typ := "", ""
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			i := strings.LastIndexByte(rest, ' ')
			family, typ = rest[:i], rest[i+1:]
			if q, err := strconv.Unquote(family); err == nil {
				family = q
			}
			name := family
			if openMetrics && typ == "counter" {
				name += "_total" // client_golang serves a gauge x beside a counter x_total, and Prometheus reads them.
			}
			r.family(name, typ)
			continue
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		s, err := parseSample(line)
		if err != nil {
			return err
		}
		suffix, ok := strings.CutPrefix(s.name, family)
		if !ok || !slices.Contains([]string{"", "_total", "_bucket", "_sum", "_count", "_created"}, suffix) {
			return fmt.Errorf("%s in family %q", line, family)
		}
		r.add(sample{s.name, s.labels, s.value})
	}
	if openMetrics && !bytes.HasSuffix(body, []byte("# EOF\n")) {
		return errors.New("no # EOF")
	}
	return nil
}
