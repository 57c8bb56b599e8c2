package encode

import "github.com/luxfi/metric/internal/model"

// dialect implements the differences between formats with one line for each sample.
type dialect interface {
	// describe returns the name and the type of a family for the comment lines.
	describe(f *model.Family, name string) (base, typeName string)
	// unit returns the text of the UNIT line, or "" to omit the line.
	unit(f *model.Family, base string) string
	appendHelp(buf []byte, help string) []byte
	appendFloat(buf []byte, v float64) []byte
	// appendCount appends a count. float overrides n if the dialect supports histograms with float
	// counts.
	appendCount(buf []byte, n uint64, float float64) []byte
	appendTimestamp(buf []byte, ms int64) []byte
	// appendExemplar appends an exemplar. labels are its labels, escaped if necessary.
	appendExemplar(buf []byte, e *model.Exemplar, labels model.Labels) []byte
	trailer() string
}

// lines is the format with one line for each sample. It defines the lines of a family and of a point of
// each type, for all dialects.
type lines struct {
	dialect      dialect
	createdLines bool
	omitCreated  bool           // value for the current family
	common       *model.Splicer // see Encoder.Common
	exemplars    *escaper       // escapes the labels of exemplars

	spliced   []byte // labels of one histogram with the common ones
	typ       model.Type
	heading   []byte // family's name as in the comment lines
	value     sampleName
	bucket    sampleName
	sum       sampleName
	count     sampleName
	created   sampleName
	bounds    boundCache // for histograms
	quantiles boundCache // for summaries
}

func (l *lines) open(d dialect, exemplars *escaper, createdLines bool) {
	l.dialect, l.exemplars, l.createdLines = d, exemplars, createdLines
	l.bounds.open(`le="`, `"} `)
	l.quantiles.open(`quantile="`, `"} `)
}

func (l *lines) reset() {
	l.bounds.reset()
	l.quantiles.reset()
}

func (l *lines) end(*output)     {}
func (l *lines) full(o *output)  { o.flush() }
func (l *lines) flush(o *output) { o.flush() }
func (l *lines) trailer() string { return l.dialect.trailer() }

func (l *lines) begin(o *output, f *model.Family, name string) {
	base, typeName := l.dialect.describe(f, name)
	l.heading = model.AppendName(l.heading[:0], base)
	if !f.NoHelp {
		o.buf = l.appendComment(o.buf, "# HELP ")
		o.buf = l.dialect.appendHelp(o.buf, helpOf(f))
		o.buf = append(o.buf, '\n')
	}
	o.buf = l.appendComment(o.buf, "# TYPE ")
	o.buf = append(o.buf, typeName...)
	o.buf = append(o.buf, '\n')
	if unit := l.dialect.unit(f, base); unit != "" {
		o.buf = l.appendComment(o.buf, "# UNIT ")
		o.buf = model.AppendEscaped(o.buf, unit)
		o.buf = append(o.buf, '\n')
	}
	l.nameSamples(f.Type, name, base)
}

func (l *lines) appendComment(buf []byte, keyword string) []byte {
	buf = append(buf, keyword...)
	buf = append(buf, l.heading...)
	return append(buf, ' ')
}

func (l *lines) nameSamples(typ model.Type, name, base string) {
	l.typ = typ
	legacy := model.IsLegacyName(name)
	switch typ {
	case model.Histogram, model.GaugeHistogram:
		l.bucket.set(name, "_bucket", legacy)
		l.sum.set(name, "_sum", legacy)
		l.count.set(name, "_count", legacy)
	case model.Summary:
		l.value.set(name, "", legacy)
		l.sum.set(name, "_sum", legacy)
		l.count.set(name, "_count", legacy)
	default:
		l.value.set(name, "", legacy)
	}
	if l.createdLines {
		l.created.set(base, "_created", legacy)
	}
}

func (l *lines) point(o *output, p *model.Point, labels model.Labels) {
	text := labels.Text()
	switch l.typ {
	case model.Histogram, model.GaugeHistogram:
		o.buf = l.appendHistogram(o.buf, p, text)
		o.buf = l.appendCreated(o.buf, p, text)
	case model.Summary:
		o.buf = l.appendSummary(o.buf, p, text)
		o.buf = l.appendCreated(o.buf, p, text)
	case model.Counter:
		o.buf = l.appendValue(o.buf, p, text, p.Exemplar)
		o.buf = l.appendCreated(o.buf, p, text)
	default:
		o.buf = l.appendValue(o.buf, p, text, nil)
	}
}

// batch writes points that consist of labels and a number, up to the first other point. It does the
// same as point, in one loop for most lines.
func (l *lines) batch(o *output, points []model.Point) int {
	switch {
	case l.createdLines || l.typ == model.Summary || l.typ == model.StateSet || l.common != nil && l.common.Quoted():
		return 0
	case l.typ == model.Histogram || l.typ == model.GaugeHistogram:
		return l.batchHistograms(o, points)
	}
	buf := o.buf
	for i := range points {
		p := &points[i]
		labels := p.Labels.Text()
		if labels == "" && l.common == nil || p.Labels.Quoted() || p.Exemplar != nil || p.HasTimestamp {
			o.buf = buf
			return i
		}
		buf = append(buf, l.value.open...)
		if l.common != nil {
			buf = l.common.AppendText(buf, labels)
		} else {
			buf = append(buf, labels...)
		}
		buf = append(buf, '}', ' ')
		buf = l.dialect.appendFloat(buf, p.Value)
		buf = append(buf, '\n')
		if len(buf) >= chunkSize {
			o.buf = buf
			o.flush()
			if buf = o.buf; o.err != nil {
				return i
			}
		}
	}
	o.buf = buf
	return len(points)
}

func (l *lines) appendValue(buf []byte, p *model.Point, labels string, e *model.Exemplar) []byte {
	buf = l.value.appendSeries(buf, labels)
	buf = l.dialect.appendFloat(buf, p.Value)
	return l.appendEnd(buf, p, e)
}

func (l *lines) appendSummary(buf []byte, p *model.Point, labels string) []byte {
	s := p.Summary
	for i := range s.Quantiles {
		q := &s.Quantiles[i]
		buf = l.value.appendOpen(buf, labels)
		buf = l.quantiles.at(i, q.Quantile, l.dialect).append(buf)
		buf = l.dialect.appendFloat(buf, q.Value)
		buf = l.appendEnd(buf, p, nil)
	}
	return l.appendSumAndCount(buf, p, labels, s.Sum, s.Count, 0)
}

func (l *lines) appendSumAndCount(buf []byte, p *model.Point, labels string, sum float64, n uint64, float float64) []byte {
	buf = l.sum.appendSeries(buf, labels)
	buf = l.dialect.appendFloat(buf, sum)
	buf = l.appendEnd(buf, p, nil)
	buf = l.count.appendSeries(buf, labels)
	buf = l.appendCount(buf, n, float)
	return l.appendEnd(buf, p, nil)
}

// appendCount does the same as the method of the dialect. It calls that method only for counts that
// need it.
func (l *lines) appendCount(buf []byte, n uint64, float float64) []byte {
	if n < expFrom && float == 0 {
		return appendSmall(buf, n)
	}
	return l.dialect.appendCount(buf, n, float)
}

func (l *lines) appendCreated(buf []byte, p *model.Point, labels string) []byte {
	if !l.createdLines || !p.Created.Valid || l.omitCreated {
		return buf
	}
	buf = l.created.appendSeries(buf, labels)
	buf = l.dialect.appendFloat(buf, seconds(p.Created))
	return append(buf, '\n')
}

// appendEnd appends the text after a sample's value.
func (l *lines) appendEnd(buf []byte, p *model.Point, e *model.Exemplar) []byte {
	if p.HasTimestamp {
		buf = append(buf, ' ')
		buf = l.dialect.appendTimestamp(buf, p.TimestampMs)
	}
	if e != nil {
		if labels, ok := l.exemplars.exemplar(e); ok {
			buf = l.dialect.appendExemplar(buf, e, labels)
		}
	}
	return append(buf, '\n')
}

// seconds returns t in seconds since the Unix epoch.
func seconds(t model.Instant) float64 { return float64(t.Nanos) / 1e9 }
