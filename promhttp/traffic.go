package promhttp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"weak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/middleware"
)

// traffic holds the metrics of [ServerMetrics] or [ClientMetrics]. Values with the same registry and the
// same names share one.
type traffic struct {
	names   *vocabulary
	methods []string // known methods; kind.method is an index

	requests      *metric.CounterVec // nil unless names has a name for it
	durations     *metric.HistogramVec
	requestSizes  *metric.HistogramVec
	responseSizes *metric.HistogramVec
	active        *metric.GaugeVec

	peers    readMostly[target, *peer]
	maxPeers int
	overflow peer // targets beyond maxPeers
	any      peer // requests without a host and a route
}

// target is the destination of a request. The strings may come from other processes.
type target struct{ host, route string }

// maxTargetLength is the length in bytes from which on a host or a route counts as overflow.
const maxTargetLength = 512

// peer has the series of a target that are in use.
type peer struct {
	target

	series readMostly[kind, *requestSeries]
	gauges readMostly[kind, prometheus.Gauge]
}

// kind has the properties by which a request is counted, apart from its target.
type kind struct {
	code    uint16 // 0 if no status was sent, otherCode if it is not in 100 to 599
	method  uint8  // index of a known method, or the number of known methods
	version uint8  // index of versions
	failure failure
	https   bool
}

const otherCode = 1

// codeOf returns the code of a status, which may be 0.
func codeOf(status int) uint16 {
	if status != 0 && (status < 100 || status > 599) {
		return otherCode
	}
	return uint16(status)
}

// versions are the HTTP versions as OpenTelemetry writes them. The first one is unknown.
var versions = [...]string{"", "1.0", "1.1", "2", "3"}

func versionOf(major, minor int) uint8 {
	switch {
	case major == 1 && minor <= 1:
		return uint8(1 + max(minor, 0))
	case major == 2, major == 3:
		return uint8(major + 1)
	}
	return 0
}

// requestSeries has the series that count requests of one kind to one target.
type requestSeries struct {
	requests      prometheus.Counter // nil if the duration histogram counts the requests
	durations     prometheus.Observer
	requestSizes  prometheus.Observer
	responseSizes prometheus.Observer
}

// trafficOpts are the options that [ServerOpts] and [ClientOpts] have in common.
type trafficOpts struct {
	vocabulary      Names
	methods         []string
	maxTargets      int
	durationBuckets []float64
	sizeBuckets     []float64
	nativeFactor    float64
}

// check returns an error if an option is not valid.
func (o *trafficOpts) check() error {
	if o.vocabulary != OpenTelemetryNames && o.vocabulary != ClassicNames {
		return fmt.Errorf("unknown names %d: want OpenTelemetryNames or ClassicNames", o.vocabulary)
	}
	if len(o.methods) > 255 {
		return fmt.Errorf("%d methods are too many, at most 255 are allowed", len(o.methods))
	}
	for _, method := range o.methods {
		if !utf8.ValidString(method) {
			return fmt.Errorf("the method %q is not valid UTF-8", method)
		}
	}
	return nil
}

// defaultMaxTargets is the default limit of routes, or pairs of hosts and routes, that have their own
// series.
const defaultMaxTargets = 500

// knownMethods are the methods that OpenTelemetry knows, the most common ones first.
var knownMethods = []string{"GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"}

// defaultSizeBuckets range from 256 bytes to 64 MiB, each four times the one before.
var defaultSizeBuckets = []float64{1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26}

// shared finds the traffic of a vector of durations, so that users of the same vector also share the limit
// of targets. It keeps neither the vector nor the traffic alive.
var shared struct {
	mu sync.Mutex
	of map[weak.Pointer[metric.HistogramVec]]weak.Pointer[traffic]
}

// newTraffic registers the metrics of names with reg, or returns those that are already registered.
func newTraffic(reg metric.Registerer, names *vocabulary, opts trafficOpts) (*traffic, error) {
	if reg == nil {
		return nil, errors.New("cannot instrument HTTP: the registerer is nil")
	}
	if opts.methods == nil {
		opts.methods = knownMethods
	}
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("cannot instrument HTTP: %w", err)
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	t := &traffic{names: names, methods: opts.methods, maxPeers: opts.maxTargets}
	if t.maxPeers <= 0 {
		t.maxPeers = defaultMaxTargets
	}
	t.overflow.target = target{names.overflow, names.overflow}
	t.any.target = target{"", names.unmatched}
	if err := t.register(reg, opts); err != nil {
		return nil, fmt.Errorf("cannot instrument HTTP: %w", err)
	}
	key := weak.Make(t.durations)
	for vec, other := range shared.of {
		if vec.Value() == nil || other.Value() == nil {
			delete(shared.of, vec)
		}
	}
	if existing := shared.of[key].Value(); existing != nil {
		return existing, nil
	}
	if shared.of == nil {
		shared.of = make(map[weak.Pointer[metric.HistogramVec]]weak.Pointer[traffic])
	}
	shared.of[key] = weak.Make(t)
	return t, nil
}

// register creates and registers the metrics. If one cannot be registered, register unregisters the others.
func (t *traffic) register(reg metric.Registerer, opts trafficOpts) (err error) {
	var registered []metric.Collector
	defer func() {
		if err != nil {
			for _, c := range registered {
				reg.Unregister(c)
			}
		}
	}()
	n := t.names
	if n.requests != "" {
		t.requests, err = share(reg, &registered, n.requests, metric.NewCounterVec(metric.CounterOpts{Name: n.requests, Help: "Number of HTTP requests."}, n.labels))
		if err != nil {
			return err
		}
	}
	for _, h := range []struct {
		vec               **metric.HistogramVec
		name, help        string
		buckets, defaults []float64
	}{
		{&t.durations, n.durations, "Duration of HTTP requests in seconds.", opts.durationBuckets, n.durationBuckets},
		{&t.requestSizes, n.requestSizes, "Size of the bodies of HTTP requests in bytes.", opts.sizeBuckets, defaultSizeBuckets},
		{&t.responseSizes, n.responseSizes, "Size of the bodies of HTTP responses in bytes.", opts.sizeBuckets, defaultSizeBuckets},
	} {
		if h.buckets == nil {
			h.buckets = h.defaults
		}
		vec, err := newHistogramVec(metric.HistogramOpts{
			Name: h.name, Help: h.help, Buckets: h.buckets,
			NativeHistogramBucketFactor: opts.nativeFactor, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}, n.labels)
		if err != nil {
			return err
		}
		if *h.vec, err = share(reg, &registered, h.name, vec); err != nil {
			return err
		}
	}
	t.active, err = share(reg, &registered, n.active, metric.NewGaugeVec(metric.GaugeOpts{Name: n.active, Help: "Number of HTTP requests in flight."}, n.activeLabels))
	return err
}

// newHistogramVec is like [metric.NewHistogramVec], but returns a panic as an error, because the buckets
// are options of the user.
func newHistogramVec(opts metric.HistogramOpts, labels []string) (vec *metric.HistogramVec, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return metric.NewHistogramVec(opts, labels), nil
}

// share is middleware.Share, and also appends c to list if it registers c. The name of c is name.
func share[C metric.Collector](reg metric.Registerer, list *[]metric.Collector, name string, c C) (C, error) {
	c, registered, err := middleware.Share(reg, c)
	if registered {
		*list = append(*list, c)
	}
	if err != nil {
		err = fmt.Errorf("metric %q: %w", name, err)
	}
	return c, err
}

// method returns the index of a method for a kind.
func (t *traffic) method(method string) uint8 {
	for i, known := range t.methods {
		if method == known {
			return uint8(i)
		}
	}
	return uint8(len(t.methods))
}

// methodLabel returns the label value for the method of a kind.
func (t *traffic) methodLabel(method uint8) string {
	if int(method) == len(t.methods) {
		return t.names.otherMethod
	}
	return t.names.methodLabel(t.methods[method])
}

// peer returns the peer of a target, or the overflow if there are too many targets.
func (t *traffic) peer(to target) *peer {
	if to == (target{}) {
		return &t.any
	}
	if p, ok := t.peers.get(to); ok {
		return p
	}
	if len(to.host) > maxTargetLength || len(to.route) > maxTargetLength {
		return &t.overflow
	}
	p, ok := t.peers.getOrAdd(to, t.maxPeers, func() (target, *peer) {
		to := target{strings.Clone(to.host), strings.Clone(to.route)}
		return to, &peer{target: target{validUTF8(to.host), validUTF8(to.route)}}
	})
	if !ok {
		return &t.overflow
	}
	return p
}

// seriesOf returns the series that count requests of kind k to p.
func (t *traffic) seriesOf(p *peer, k kind) *requestSeries {
	if s, ok := p.series.get(k); ok {
		return s
	}
	s, _ := p.series.getOrAdd(k, 0, func() (kind, *requestSeries) {
		values := t.names.values(t, p.target, k)
		s := &requestSeries{
			durations:     t.durations.WithLabelValues(values...),
			requestSizes:  t.requestSizes.WithLabelValues(values...),
			responseSizes: t.responseSizes.WithLabelValues(values...),
		}
		if t.requests != nil {
			s.requests = t.requests.WithLabelValues(values...)
		}
		return k, s
	})
	return s
}

// gaugeOf returns the gauge of requests in flight to p. Only method and https are set in k.
func (t *traffic) gaugeOf(p *peer, k kind) prometheus.Gauge {
	if g, ok := p.gauges.get(k); ok {
		return g
	}
	g, _ := p.gauges.getOrAdd(k, 0, func() (kind, prometheus.Gauge) {
		return k, t.active.WithLabelValues(t.names.activeValues(t, p.target, k)...)
	})
	return g
}

// observeDuration counts a request and its duration, with an exemplar if ctx has one.
func (s *requestSeries) observeDuration(ctx context.Context, took time.Duration, exemplar func(context.Context) metric.Labels) {
	if exemplar != nil {
		labels := orNoExemplar(exemplar(ctx))
		observe(s.durations, took.Seconds(), labels)
		if s.requests != nil {
			count(s.requests, labels)
		}
		return
	}
	s.durations.(metric.ContextObserver).ObserveWithContext(ctx, took.Seconds())
	if s.requests != nil {
		s.requests.(metric.ContextAdder).IncWithContext(ctx)
	}
}
