package otelmetric_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"
)

// fact is one statement of an exposition. Two expositions are equivalent if they have the same facts.
type fact struct {
	kind   factKind
	family string            // as written in the exposition
	name   string            // name of a sample
	labels map[string]string // labels of a sample
	value  string
}

// factKind is the subject of a fact.
type factKind string

const (
	typeFact     factKind = "type"
	helpFact     factKind = "help"
	unitFact     factKind = "unit"
	sampleFact   factKind = "sample"
	exemplarFact factKind = "exemplar"
	createdFact  factKind = "created"
	schemaFact   factKind = "schema"  // schema of a native histogram
	bucketsFact  factKind = "buckets" // buckets of a native histogram, merged as if its schema were 0
)

// String returns a line for the fact. Facts are equal if their lines are.
func (f *fact) String() string {
	if f.kind == typeFact || f.kind == helpFact || f.kind == unitFact {
		return fmt.Sprintf("%s %s %q", f.kind, f.family, f.value)
	}
	return fmt.Sprintf("%s %s%s %s", f.kind, f.name, labelText(f.labels), f.value)
}

func labelText(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, labels[name]))
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// readText returns the facts of an exposition in the text format or in OpenMetrics. It relies on the
// exposition being valid.
func readText(t *testing.T, body string) (facts []fact) {
	t.Helper()
	family := ""
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if line == "# EOF" || line == "" {
			continue
		}
		r := &lineReader{t: t, line: line, rest: line}
		if keyword, rest, ok := strings.Cut(strings.TrimPrefix(line, "# "), " "); ok && strings.HasPrefix(line, "# ") {
			r.rest = rest
			family = r.name()
			value := strings.TrimPrefix(r.rest, " ")
			facts = append(facts, fact{kind: factKind(strings.ToLower(keyword)), family: family, value: value})
			continue
		}
		f := fact{kind: sampleFact, family: family}
		f.name, f.labels = r.series()
		f.value = canonical(t, r.word())
		facts = append(facts, f)
		if strings.HasPrefix(r.rest, " # ") {
			r.rest = r.rest[len(" # "):]
			_, labels := r.series()
			f.kind, f.value = exemplarFact, labelText(labels)+" "+canonical(t, r.word())
			facts = append(facts, f)
		}
	}
	return facts
}

// lineReader reads a line from left to right.
type lineReader struct {
	t    *testing.T
	line string
	rest string
}

func (r *lineReader) fail(why string) {
	r.t.Helper()
	r.t.Fatalf("%s: %q, before %q", why, r.line, r.rest)
}

// take returns the text before the first of the characters in end.
func (r *lineReader) take(end string) string {
	i := strings.IndexAny(r.rest, end)
	if i < 0 {
		i = len(r.rest)
	}
	taken := r.rest[:i]
	r.rest = r.rest[i:]
	return taken
}

// word returns the next word, which must follow a space.
func (r *lineReader) word() string {
	r.rest = strings.TrimPrefix(r.rest, " ")
	return r.take(" ")
}

// name returns a name, with or without quotes.
func (r *lineReader) name() string {
	if strings.HasPrefix(r.rest, `"`) {
		return r.quoted()
	}
	return r.take(" {=,}")
}

// quoted returns the content of a quoted string.
func (r *lineReader) quoted() string {
	for i := 1; i < len(r.rest); i++ {
		switch r.rest[i] {
		case '\\':
			i++
		case '"':
			text := r.rest[1:i]
			r.rest = r.rest[i+1:]
			return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(text)
		}
	}
	r.fail("no closing quote")
	return ""
}

// series returns the name and the labels of a sample.
func (r *lineReader) series() (name string, labels map[string]string) {
	labels = make(map[string]string)
	if !strings.HasPrefix(r.rest, "{") {
		name = r.name()
	}
	if !strings.HasPrefix(r.rest, "{") {
		return name, labels
	}
	for r.rest = r.rest[1:]; !strings.HasPrefix(r.rest, "}"); r.rest = strings.TrimPrefix(r.rest, ",") {
		label := r.name()
		if !strings.HasPrefix(r.rest, "=") {
			name = label // Names that need quotes are within the braces.
			continue
		}
		r.rest = r.rest[1:]
		if _, twice := labels[label]; twice || !strings.HasPrefix(r.rest, `"`) {
			r.fail("no value, or a second one")
		}
		labels[label] = r.quoted()
	}
	r.rest = r.rest[1:]
	return name, labels
}

// canonical returns a number in canonical form.
func canonical(t *testing.T, number string) string {
	t.Helper()
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// readProtobuf returns the facts of an exposition in protobuf.
func readProtobuf(t *testing.T, body []byte) (facts []fact) {
	t.Helper()
	r := bytes.NewReader(body)
	for {
		family := new(dto.MetricFamily)
		err := protodelim.UnmarshalFrom(r, family)
		if errors.Is(err, io.EOF) {
			return facts
		}
		if err != nil {
			t.Fatal(err)
		}
		name := family.GetName()
		facts = append(facts, fact{kind: typeFact, family: name, value: strings.ToLower(family.GetType().String())},
			fact{kind: helpFact, family: name, value: family.GetHelp()})
		if family.Unit != nil {
			facts = append(facts, fact{kind: unitFact, family: name, value: family.GetUnit()})
		}
		for _, m := range family.GetMetric() {
			facts = append(facts, readMetric(name, m)...)
		}
	}
}

// readMetric returns the facts of a metric.
func readMetric(family string, m *dto.Metric) (facts []fact) {
	labels := dtoLabels(m.GetLabel())
	add := func(kind factKind, name string, labels map[string]string, value string) {
		facts = append(facts, fact{kind, family, name, maps.Clone(labels), value})
	}
	exemplar := func(name string, labels map[string]string, e *dto.Exemplar) {
		if e != nil {
			add(exemplarFact, name, labels, labelText(dtoLabels(e.GetLabel()))+" "+numberText(e.GetValue()))
		}
	}
	if c := m.GetCounter(); c != nil {
		add(sampleFact, family, labels, numberText(c.GetValue()))
		exemplar(family, labels, c.GetExemplar())
		if c.CreatedTimestamp != nil {
			add(createdFact, family, labels, "")
		}
	}
	if g := m.GetGauge(); g != nil {
		add(sampleFact, family, labels, numberText(g.GetValue()))
	}
	h := m.GetHistogram()
	if h == nil {
		return facts
	}
	add(sampleFact, family+"_count", labels, strconv.FormatUint(h.GetSampleCount(), 10))
	add(sampleFact, family+"_sum", labels, numberText(h.GetSampleSum()))
	if h.CreatedTimestamp != nil {
		add(createdFact, family, labels, "")
	}
	if h.Schema != nil {
		add(schemaFact, family, labels, fmt.Sprint(h.GetSchema()))
		add(bucketsFact, family, labels, fmt.Sprintf("zero %d within %g, %v %v", h.GetZeroCount(), h.GetZeroThreshold(),
			nativeBuckets(h.GetSchema(), h.GetPositiveSpan(), h.GetPositiveDelta()),
			nativeBuckets(h.GetSchema(), h.GetNegativeSpan(), h.GetNegativeDelta())))
		for _, e := range h.GetExemplars() {
			exemplar(family, labels, e)
		}
	}
	for _, b := range h.GetBucket() {
		of := maps.Clone(labels)
		of["le"] = numberText(b.GetUpperBound())
		add(sampleFact, family+"_bucket", of, strconv.FormatUint(b.GetCumulativeCount(), 10))
		exemplar(family+"_bucket", of, b.GetExemplar())
	}
	return facts
}

func dtoLabels(pairs []*dto.LabelPair) map[string]string {
	labels := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

func numberText(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// nativeBuckets returns the counts of native buckets by their indexes, as if their schema were 0.
func nativeBuckets(schema int32, spans []*dto.BucketSpan, deltas []int64) map[int32]int64 {
	counts := make(map[int32]int64)
	index, count := int32(0), int64(0)
	for _, span := range spans {
		index += span.GetOffset()
		for range span.GetLength() {
			count += deltas[0]
			deltas = deltas[1:]
			if count > 0 {
				counts[(index-1)>>max(schema, 0)+1] += count
			}
			index++
		}
	}
	return counts
}
