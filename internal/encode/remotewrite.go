package encode

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
	"github.com/luxfi/metric/internal/writereq"
)

// RemoteWriter configures the requests of one push by Prometheus' remote write. They are written as
// records of internal/writereq, each with a request of version 2.0; see
// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/. Each call of Write gets one record.
//
// The encoder writes the same series that Prometheus makes of the protobuf format. A histogram is one
// series if it has native buckets, and otherwise a series for each classic bucket, _sum and _count.
// The values of le and quantile have the form of OpenMetrics. Labels with empty values are omitted.
//
// An exemplar without a timestamp is omitted, because the format requires one.
type RemoteWriter struct {
	// TimestampMs is the timestamp of samples without an explicit one, in milliseconds since the Unix
	// epoch.
	TimestampMs int64
	// ExemplarsFromMs omits exemplars that are older: an earlier push has sent them.
	ExemplarsFromMs int64
	// MaxSamples and MaxBytes limit a request; a request that reaches a limit ends. The samples of one
	// point stay together. MaxBytes counts bytes before compression.
	MaxSamples, MaxBytes int
	// NativeOnly omits the classic buckets of histograms that have native buckets.
	NativeOnly bool
	// Compress returns data as a snappy block, in the memory of buf if that is large enough. It is a
	// field so that only programs that push contain the code for snappy.
	Compress func(buf, data []byte) []byte
	// Round, if not nil, records the series of the push. Series of the last push that are missing in a
	// family get stale markers.
	Round *staleness.Round
	// Cancelled, if not nil, reports whether the push has been canceled. In that case no series get
	// stale markers: the collectors of missing series may not have run.
	Cancelled func() bool
}

// Maker is [Options.Linked] for the push.
func (w *RemoteWriter) Maker(before Linked) Linked {
	r, ok := before.(*remoteWrite)
	if !ok {
		r = new(remoteWrite)
	}
	r.RemoteWriter = *w
	r.timestamp = appendUint(r.timestamp[:0], sample2Timestamp, uint64(w.TimestampMs))
	return r
}

// The fields of the messages in io/prometheus/write/v2/types.proto. The fields of Histogram are in
// remotewrite_histogram.go.
const (
	requestSymbols = 4
	requestSeries  = 5

	seriesLabels     = 1
	seriesSamples    = 2
	seriesHistograms = 3
	seriesExemplars  = 4
	seriesMetadata   = 5

	sample2Value     = 1
	sample2Timestamp = 2
	sample2Start     = 3

	exemplar2Labels    = 1
	exemplar2Value     = 2
	exemplar2Timestamp = 3

	metadataType = 1
	metadataHelp = 3
	metadataUnit = 4
)

// maxKeptRequest is the size of the largest buffer that is kept for the next push.
const maxKeptRequest = 4 << 20

// remoteWrite is the format of a push.
type remoteWrite struct {
	RemoteWriter

	timestamp []byte // field of samples without an explicit timestamp
	start     startField

	symbols symbols
	series  []byte // fields of the series in the request
	counts  writereq.Counts
	newest  int64

	family    *model.Family
	described uint32 // request that describes the family
	metadata  []byte // metadata field of the family's series
	name      seriesName
	bucket    seriesName
	sum       seriesName
	count     seriesName
	labels    labelRefs
	bounds    boundRefs // for histograms
	quantiles boundRefs // for summaries
	exemplars []*model.Exemplar

	section *staleness.Section // records the family's series; nil if they need not be recorded
	shape   staleness.Shape
	limits  []float64 // buffer of shapeOf

	live *staleness.Round // set only by WriteStale

	body, record []byte
}

func (r *remoteWrite) open(*escaper) { r.symbols.reset() }

func (r *remoteWrite) reset() {
	r.symbols.reset()
	for _, buf := range [...]*[]byte{&r.symbols.fields, &r.series, &r.body, &r.record} {
		if cap(*buf) > maxKeptRequest {
			*buf = nil
		}
	}
	r.series = r.series[:0]
	r.labels.reset()
	r.family, r.section, r.shape, r.Round = nil, nil, staleness.Shape{}, nil
	r.live, r.Cancelled = nil, nil
	r.counts, r.newest = writereq.Counts{}, 0
	clear(r.exemplars)
}

func (r *remoteWrite) begin(_ *output, f *model.Family, name string) {
	r.family, r.described = f, 0
	if r.Round != nil {
		r.section = r.Round.Family(f)
	}
	r.name.text = name
	switch f.Type {
	case model.Histogram, model.GaugeHistogram:
		r.bucket.text, r.sum.text, r.count.text = name+"_bucket", name+"_sum", name+"_count"
	case model.Summary:
		r.sum.text, r.count.text = name+"_sum", name+"_count"
	}
}

func (r *remoteWrite) end(o *output)   { r.endMissing(o) }
func (r *remoteWrite) full(*output)    {}
func (r *remoteWrite) trailer() string { return "" }
func (r *remoteWrite) splits() bool    { return true }

// flush writes the request if it is not empty, and begins another.
func (r *remoteWrite) flush(o *output) {
	if len(r.series) == 0 {
		return
	}
	r.symbols.fields = append(r.symbols.fields, r.series...) // Both are emptied below.
	r.body = r.Compress(r.body, r.symbols.fields)
	record := writereq.Record{Counts: r.counts, NewestMs: r.newest, Body: r.body}
	r.record = record.Append(r.record[:0])
	o.write(r.record)
	r.symbols.reset()
	r.series = r.series[:0]
	r.counts, r.newest, r.described = writereq.Counts{}, 0, 0
}

// describe adds the names and the metadata of the family to the request.
func (r *remoteWrite) describe() {
	if r.described == r.symbols.request {
		return
	}
	s, f := &r.symbols, r.family
	r.described = s.ready()
	r.counts.Metadata++
	for _, n := range [...]*seriesName{&r.name, &r.bucket, &r.sum, &r.count} {
		n.refs = n.refs[:0]
	}
	buf, start := appendOpen(r.metadata[:0], seriesMetadata)
	buf = appendUint(buf, metadataType, metadataTypeOf(f.Type))
	if !f.NoHelp && f.Help != "" {
		buf = appendUint(buf, metadataHelp, uint64(s.ref(helpOf(f))))
	}
	if f.Unit != "" {
		buf = appendUint(buf, metadataUnit, uint64(s.ref(f.Unit)))
	}
	r.metadata = closeAt(buf, start)
}

func metadataTypeOf(t model.Type) uint64 {
	switch t {
	case model.Counter:
		return 1
	case model.Gauge, model.Info, model.StateSet:
		return 2
	case model.Histogram:
		return 3
	case model.GaugeHistogram:
		return 4
	case model.Summary:
		return 5
	default:
		return 0
	}
}

func (r *remoteWrite) checkValue(model.Type, *model.Point) error { return nil }

func (r *remoteWrite) point(o *output, p *model.Point, labels model.Labels) {
	r.describe()
	r.labels.set(&r.symbols, labels)
	r.seen(p, labels)
	switch r.family.Type {
	case model.Histogram, model.GaugeHistogram:
		r.histogram(p)
	case model.Summary:
		r.summary(p)
	case model.Counter:
		start := r.openSeries(&r.name, nil)
		r.addSample(p, p.Value, true)
		if p.Exemplar != nil {
			r.addExemplar(p.Exemplar)
		}
		r.closeSeries(start)
	default:
		r.single(p, &r.name, nil, p.Value, false)
	}
	r.split(o)
}

// split ends the request if it is large enough.
func (r *remoteWrite) split(o *output) {
	if r.counts.Samples+r.counts.Histograms >= uint64(r.MaxSamples) || len(r.series)+len(r.symbols.fields) >= r.MaxBytes {
		r.flush(o)
	}
}

// batch stops before points that are not numbers.
func (r *remoteWrite) batch(o *output, points []model.Point) int {
	switch r.family.Type {
	case model.Counter, model.Gauge, model.Untyped, model.Info:
	default:
		return 0
	}
	for i := range points {
		r.point(o, &points[i], points[i].Labels)
		if o.err != nil {
			return i
		}
	}
	return len(points)
}

// seriesName is the name of series in the current request.
type seriesName struct {
	text string
	refs []byte // references of __name__ and the name, as in a list of labels; empty if they are not in the request yet
}

// nameLabel is the label that holds the name of a series.
const nameLabel = "__name__"

func (n *seriesName) in(s *symbols) []byte {
	if len(n.refs) == 0 {
		n.refs = protowire.AppendVarint(n.refs, uint64(s.ref(nameLabel)))
		n.refs = protowire.AppendVarint(n.refs, uint64(s.ref(n.text)))
	}
	return n.refs
}

// openSeries begins a series with the labels of the point and, if bound is not nil, that label.
func (r *remoteWrite) openSeries(name *seriesName, bound *boundRef) int {
	buf, start := appendOpen(r.series, requestSeries)
	buf, list := appendOpen(buf, seriesLabels)
	buf = r.labels.append(buf, name.in(&r.symbols), bound)
	r.series = closeAt(buf, list)
	return start
}

func (r *remoteWrite) closeSeries(start int) {
	r.series = closeAt(append(r.series, r.metadata...), start)
}

// single adds a series with one sample.
func (r *remoteWrite) single(p *model.Point, name *seriesName, bound *boundRef, v float64, cumulative bool) {
	start := r.openSeries(name, bound)
	r.addSample(p, v, cumulative)
	r.closeSeries(start)
}

// addSample adds a sample to the current series. A cumulative sample has the start timestamp of the
// point.
func (r *remoteWrite) addSample(p *model.Point, v float64, cumulative bool) {
	buf, start := appendOpen(r.series, seriesSamples)
	buf = appendDouble(buf, sample2Value, v)
	buf, at := r.appendTimestamp(buf, p, sample2Timestamp)
	if cumulative && p.Created.Valid {
		buf = r.start.append(buf, sample2Start, p.Created, at)
	}
	r.series = closeAt(buf, start)
	r.counts.Samples++
}

// appendTimestamp appends and returns the timestamp of a point.
func (r *remoteWrite) appendTimestamp(buf []byte, p *model.Point, field byte) ([]byte, int64) {
	at := r.TimestampMs
	if p.HasTimestamp {
		at = p.TimestampMs
	}
	r.newest = max(r.newest, at)
	if field == sample2Timestamp && !p.HasTimestamp {
		return append(buf, r.timestamp...), at
	}
	return appendUint(buf, field, uint64(at)), at
}

// startField encodes start timestamps. It keeps the last encoding, since many series have the same
// start timestamp.
type startField struct {
	of   int64 // nanoseconds since the Unix epoch
	ms   int64
	text []byte
}

// append appends the field, unless the start timestamp is not before sampleMs, the timestamp of the
// sample: receivers refuse that.
func (f *startField) append(buf []byte, field byte, t model.Instant, sampleMs int64) []byte {
	if t.Nanos != f.of || len(f.text) == 0 {
		f.of, f.ms = t.Nanos, floorMs(t.Nanos)
		f.text = protowire.AppendVarint(f.text[:0], uint64(f.ms))
	}
	if f.ms >= sampleMs || f.ms == 0 {
		return buf
	}
	if field < 16 {
		buf = append(buf, field<<3|varintType)
	} else {
		buf = protowire.AppendTag(buf, protowire.Number(field), protowire.VarintType)
	}
	return append(buf, f.text...)
}

// floorMs converts nanoseconds to whole milliseconds, rounded down.
func floorMs(nanos int64) int64 {
	const millisecond = 1e6
	ms := nanos / millisecond
	if nanos%millisecond < 0 {
		ms--
	}
	return ms
}

// summary adds the series of a summary.
func (r *remoteWrite) summary(p *model.Point) {
	for i, q := range p.Summary.Quantiles {
		r.single(p, &r.name, r.quantiles.at(&r.symbols, i, "quantile", q.Quantile), q.Value, false)
	}
	r.single(p, &r.sum, nil, p.Summary.Sum, true)
	r.single(p, &r.count, nil, float64(p.Summary.Count), true)
}

// addExemplar adds an exemplar to the current series, unless an earlier push has sent it.
func (r *remoteWrite) addExemplar(e *model.Exemplar) {
	if !r.sends(e) {
		return
	}
	buf, start := appendOpen(r.series, seriesExemplars)
	if !e.Labels.IsEmpty() {
		var list int
		buf, list = appendOpen(buf, exemplar2Labels)
		for c := e.Labels.Cursor(); c.Next(); {
			buf = protowire.AppendVarint(buf, uint64(r.symbols.ref(c.Name)))
			buf = protowire.AppendVarint(buf, uint64(r.symbols.ref(c.Value())))
		}
		buf = closeAt(buf, list)
	}
	buf = appendDouble(buf, exemplar2Value, e.Value)
	buf = appendUint(buf, exemplar2Timestamp, uint64(floorMs(e.Timestamp.Nanos)))
	r.series = closeAt(buf, start)
	r.counts.Exemplars++
}

// sends reports whether the push sends an exemplar. To a receiver, a timestamp of 0 means none.
func (r *remoteWrite) sends(e *model.Exemplar) bool {
	ms := floorMs(e.Timestamp.Nanos)
	return e.Timestamp.Valid && ms != 0 && ms >= r.ExemplarsFromMs
}
