package encode

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// openMetrics2 is OpenMetrics 2.0.0-rc0, see
// https://github.com/prometheus/docs/blob/main/docs/specs/om/open_metrics_spec_2_0.md.
//
// Each series is one line. A summary or a histogram writes its numbers in one composite value. A sample
// has the name of its family, and the start timestamp follows its value, so the format has no suffixes.
// Whole numbers are written without a decimal point, unless they are the float counts of a histogram.
//
// Where the specification leaves a choice, or readers are stricter than it, the encoder writes a form
// that Prometheus and prometheus/common can read:
//
//   - An exemplar without a timestamp is omitted, because the format requires one.
//   - A histogram with classic and native buckets has the exemplars of its classic buckets, as the
//     specification recommends. The exemplars of the native buckets are written if there are no others.
//   - A unit is omitted if it has characters that are not allowed in metric names, because the
//     grammar forbids them. The family's name need not end in the unit.
//   - A help text loses trailing carriage returns.
//   - The sum of a summary and the values of its quantiles may be negative: the specification
//     forbids that, but summaries of temperatures exist.
type openMetrics2 struct {
	exemplars *escaper // escapes the labels of exemplars

	typ       model.Type
	created   bool   // The family's type has start timestamps.
	heading   []byte // family's name as in the comment lines
	name      sampleName
	bounds    boundCache // for histograms
	quantiles boundCache // for summaries
	sorted    []model.Quantile
	label     []byte // label of a state set as written
}

// NewOpenMetrics2 makes a writer of OpenMetrics 2.0; see [Options.Linked].
func NewOpenMetrics2(before Linked) Linked {
	if m, ok := before.(*openMetrics2); ok {
		return m
	}
	m := new(openMetrics2)
	m.bounds.first, m.quantiles.first = true, true
	return m
}

func (m *openMetrics2) open(exemplars *escaper) {
	m.exemplars = exemplars
	m.bounds.open(",", ":")
	m.quantiles.open(",", ":")
}

func (m *openMetrics2) reset() {
	m.bounds.reset()
	m.quantiles.reset()
}

func (m *openMetrics2) end(*output)     {}
func (m *openMetrics2) full(o *output)  { o.flush() }
func (m *openMetrics2) flush(o *output) { o.flush() }
func (m *openMetrics2) trailer() string { return "# EOF\n" }
func (m *openMetrics2) splits() bool    { return false }

// begin writes the metadata in the order that the specification recommends.
func (m *openMetrics2) begin(o *output, f *model.Family, name string) {
	m.typ = f.Type
	m.created = f.Type == model.Counter || f.Type == model.Summary || f.Type == model.Histogram
	m.heading = model.AppendName(m.heading[:0], name)
	m.name.set(name, "", model.IsLegacyName(name))
	o.buf = m.appendComment(o.buf, "TYPE", m.typeName(f, name))
	if isUnit2(f.Unit) && f.Type != model.Info && f.Type != model.StateSet {
		o.buf = m.appendComment(o.buf, "UNIT", f.Unit)
	}
	if help := strings.TrimRight(helpOf(f), "\r"); help != "" && !f.NoHelp {
		o.buf = m.appendComment(o.buf, "HELP", help)
	}
}

func (m *openMetrics2) appendComment(buf []byte, keyword, text string) []byte {
	buf = append(buf, "# "...)
	buf = append(buf, keyword...)
	buf = append(buf, ' ')
	buf = append(buf, m.heading...)
	buf = append(buf, ' ')
	buf = model.AppendEscaped(buf, text)
	return append(buf, '\n')
}

// typeName returns the type of a family that is written as name. An info family whose name does not end
// in _info is written as a gauge. So is a state set whose name and label differ because one of them was
// escaped. With their real types, both would be invalid.
func (m *openMetrics2) typeName(f *model.Family, name string) string {
	switch f.Type {
	case model.Counter:
		return "counter"
	case model.Gauge:
		return "gauge"
	case model.Summary:
		return "summary"
	case model.Histogram:
		return "histogram"
	case model.GaugeHistogram:
		return "gaugehistogram"
	case model.Info:
		if strings.HasSuffix(name, model.InfoSuffix) {
			return "info"
		}
		return "gauge"
	case model.StateSet:
		scheme := naming.Scheme{Escaping: m.exemplars.scheme}
		if m.label = scheme.AppendLabelName(m.label[:0], f.Reserved()); string(m.label) == name {
			return "stateset"
		}
		return "gauge"
	default:
		return "unknown"
	}
}

// isUnit2 reports whether the grammar allows unit, which may begin with a digit.
func isUnit2(unit string) bool { return unit != "" && model.IsLegacyName("_"+unit) }

func (m *openMetrics2) point(o *output, p *model.Point, labels model.Labels) {
	buf := m.name.appendSeries(o.buf, labels.Text())
	switch m.typ {
	case model.Histogram, model.GaugeHistogram:
		buf = m.appendHistogram(buf, p.Histogram)
		buf = m.appendTimes(buf, p)
		buf = m.appendExemplars(buf, p.Histogram)
	case model.Summary:
		buf = m.appendSummary(buf, p.Summary)
		buf = m.appendTimes(buf, p)
	case model.Counter:
		buf = appendFloat(buf, p.Value)
		buf = m.appendTimes(buf, p)
		if p.Exemplar != nil {
			buf = m.appendExemplar(buf, p.Exemplar)
		}
	default:
		buf = appendFloat(buf, p.Value)
		buf = m.appendTimes(buf, p)
	}
	buf = append(buf, '\n')
	o.buf = buf
}

// batch stops before points whose labels may need escaping, and before points that point does not
// accept.
func (m *openMetrics2) batch(o *output, points []model.Point) int {
	for i := range points {
		p := &points[i]
		if p.Labels.Quoted() || !m.hasValue(p) {
			return i
		}
		m.point(o, p, p.Labels)
		if len(o.buf) >= chunkSize {
			if o.flush(); o.err != nil {
				return i
			}
		}
	}
	return len(points)
}

// hasValue reports whether p has a value that can be written.
func (m *openMetrics2) hasValue(p *model.Point) bool {
	switch m.typ {
	case model.Counter:
		return p.Value >= 0
	case model.Info:
		return p.Value == 1
	case model.StateSet:
		return false // A state set is several samples.
	case model.Summary:
		return p.Summary != nil && checkSummary2(p.Summary) == nil
	case model.Histogram, model.GaugeHistogram:
		return p.Histogram != nil && checkHistogram2(p.Histogram) == nil
	default:
		return true
	}
}

// appendTimes appends the timestamp and the start timestamp of a sample.
func (m *openMetrics2) appendTimes(buf []byte, p *model.Point) []byte {
	if p.HasTimestamp {
		buf = append(buf, ' ')
		buf = appendDecimal(buf, p.TimestampMs, 3)
	}
	if p.Created.Valid && m.created {
		buf = append(buf, " st@"...)
		buf = appendDecimal(buf, p.Created.Nanos, 9)
	}
	return buf
}

// appendExemplar appends an exemplar, unless the format cannot represent it.
func (m *openMetrics2) appendExemplar(buf []byte, e *model.Exemplar) []byte {
	labels, ok := m.exemplars.exemplar(e)
	if !ok || !e.Timestamp.Valid {
		return buf
	}
	buf = append(buf, " # {"...)
	buf = append(buf, labels.Text()...)
	buf = append(buf, '}', ' ')
	buf = appendFloat(buf, e.Value)
	buf = append(buf, ' ')
	return appendDecimal(buf, e.Timestamp.Nanos, 9)
}

// appendSummary appends the quantiles in ascending order, which nearly all summaries already have.
func (m *openMetrics2) appendSummary(buf []byte, s *model.SummaryValue) []byte {
	buf = append(buf, "{count:"...)
	buf = appendCount2(buf, s.Count)
	buf = append(buf, ",sum:"...)
	buf = appendFloat(buf, s.Sum)
	buf = append(buf, ",quantile:["...)
	m.sorted = append(m.sorted[:0], s.Quantiles...)
	sortQuantiles(m.sorted)
	for i := range m.sorted {
		q := &m.sorted[i]
		buf = m.quantiles.at(i, q.Quantile, text{}).append(buf)
		buf = appendFloat(buf, q.Value)
	}
	return append(buf, "]}"...)
}

func sortQuantiles(qs []model.Quantile) {
	for i := 1; i < len(qs); i++ {
		for j := i; j > 0 && qs[j].Quantile < qs[j-1].Quantile; j-- {
			qs[j], qs[j-1] = qs[j-1], qs[j]
		}
	}
}

// appendDecimal appends n/10^decimals in the shortest form without an exponent.
func appendDecimal(buf []byte, n int64, decimals int) []byte {
	abs := uint64(n)
	if n < 0 {
		buf = append(buf, '-')
		abs = -abs
	}
	whole := abs / powersOf10[decimals]
	rest := abs - whole*powersOf10[decimals]
	buf = appendDigits(buf, whole, countDigits(whole))
	if rest == 0 {
		return buf
	}
	rest, zeros := trimZeros(rest)
	buf = append(buf, '.')
	return appendDigits(buf, rest, decimals-zeros)
}

var (
	errCounter     = errors.New("the value of a counter must be a number that is not negative")
	errInfo        = errors.New("the value of an info must be 1")
	errSummarySum  = errors.New("the sum of a summary must not be NaN")
	errCount       = errors.New("the count of a histogram must not be negative or NaN")
	errDoubleRanks = errors.New("it has two or more quantiles with the same rank")
)

func (m *openMetrics2) checkValue(t model.Type, p *model.Point) error {
	switch t {
	case model.Counter:
		if !(p.Value >= 0) {
			return errCounter
		}
		return nil
	case model.Info:
		if p.Value != 1 {
			return errInfo
		}
		return nil
	case model.Summary:
		return checkSummary2(p.Summary)
	case model.Histogram, model.GaugeHistogram:
		return checkHistogram2(p.Histogram)
	default:
		return nil
	}
}

func checkSummary2(s *model.SummaryValue) error {
	if math.IsNaN(s.Sum) {
		return errSummarySum
	}
	ascending := true
	for i := range s.Quantiles {
		rank := s.Quantiles[i].Quantile
		if !(rank >= 0 && rank <= 1) {
			return fmt.Errorf("the rank of a quantile is %v: it must be from 0 to 1", rank)
		}
		ascending = ascending && (i == 0 || s.Quantiles[i-1].Quantile < rank)
	}
	if ascending {
		return nil
	}
	for i := range s.Quantiles {
		for j := range i {
			if s.Quantiles[i].Quantile == s.Quantiles[j].Quantile {
				return errDoubleRanks
			}
		}
	}
	return nil
}
