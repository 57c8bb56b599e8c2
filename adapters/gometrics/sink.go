package gometrics

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"

	metrics "github.com/hashicorp/go-metrics"

	"github.com/luxfi/metric"
)

// Sink is a sink of go-metrics. It is safe for concurrent use. [NewSink] makes one.
type Sink struct {
	families *families
	cache    cache
	reporter *reporter
	flush    func()
	shutdown sync.Once
}

var (
	_ metrics.ShutdownSink             = (*Sink)(nil)
	_ metrics.PrecisionGaugeMetricSink = (*Sink)(nil)
)

// NewSink returns a sink whose metrics reg exposes. A registry of package metric reads these metrics like its
// own instruments, but reg can be any other Registerer, too. A registry can have several sinks if their
// metrics differ in name, or in labels that [metric.WrapRegistererWith] adds.
//
// NewSink returns an error if an option or a definition is invalid, or if reg refuses the sink.
func NewSink(reg metric.Registerer, opts ...Option) (*Sink, error) {
	if v := reflect.ValueOf(reg); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("gometrics: the Registerer is nil")
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	root := metric.NewContextRegistry()
	// root is still empty, so it describes no metrics, and any metrics may be added later.
	if err := reg.Register(root); err != nil {
		return nil, fmt.Errorf("gometrics: registering the sink failed: %w", err)
	}
	s := &Sink{flush: c.flush, reporter: newReporter(c.onError)}
	s.families = newFamilies(root, c, s.reporter)
	return s, s.families.define(c.defined)
}

// find returns the series for a key and labels.
func (s *Sink) find(k kind, key []string, labels []metrics.Label) *series {
	hash := hashOf(k, key, labels)
	if found := s.cache.get(hash, k, key, labels); found != nil {
		return found
	}
	found := s.families.find(k, key, labels)
	s.cache.put(hash, k, key, labels, found)
	return found
}

// SetGauge sets a gauge.
func (s *Sink) SetGauge(key []string, val float32) { s.setGauge(key, float64(val), nil) }

// SetGaugeWithLabels sets a gauge with labels.
func (s *Sink) SetGaugeWithLabels(key []string, val float32, labels []metrics.Label) {
	s.setGauge(key, float64(val), labels)
}

// SetPrecisionGauge sets a gauge to a 64-bit number.
func (s *Sink) SetPrecisionGauge(key []string, val float64) { s.setGauge(key, val, nil) }

// SetPrecisionGaugeWithLabels sets a gauge with labels to a 64-bit number.
func (s *Sink) SetPrecisionGaugeWithLabels(key []string, val float64, labels []metrics.Label) {
	s.setGauge(key, val, labels)
}

func (s *Sink) setGauge(key []string, val float64, labels []metrics.Label) {
	found := s.find(gauge, key, labels)
	if found.err != nil {
		s.reporter.drop(found.reason, found.err)
		return
	}
	found.gauge.Set(val)
}

// EmitKey does nothing, because Prometheus has no type for single events.
func (s *Sink) EmitKey([]string, float32) {}

// IncrCounter adds val to a counter.
func (s *Sink) IncrCounter(key []string, val float32) { s.IncrCounterWithLabels(key, val, nil) }

// IncrCounterWithLabels adds val to a counter with labels. It leaves out values that are negative, NaN or
// infinite, and reports them.
func (s *Sink) IncrCounterWithLabels(key []string, val float32, labels []metrics.Label) {
	if !(val >= 0 && val <= math.MaxFloat32) {
		s.reporter.drop(badValue, fmt.Errorf("counter %q cannot be changed by %v: only finite numbers that are not negative can be added",
			flatten(key), val))
		return
	}
	found := s.find(counter, key, labels)
	if found.err != nil {
		s.reporter.drop(found.reason, found.err)
		return
	}
	found.counter.Add(float64(val))
}

// AddSample adds a sample.
func (s *Sink) AddSample(key []string, val float32) { s.AddSampleWithLabels(key, val, nil) }

// AddSampleWithLabels adds a sample with labels. It leaves out NaN and infinities, and reports them.
func (s *Sink) AddSampleWithLabels(key []string, val float32, labels []metrics.Label) {
	if !(val >= -math.MaxFloat32 && val <= math.MaxFloat32) {
		s.reporter.drop(badValue, fmt.Errorf("sample %v of %q was left out: it would make the sum of the samples useless", val, flatten(key)))
		return
	}
	found := s.find(sample, key, labels)
	if found.err != nil {
		s.reporter.drop(found.reason, found.err)
		return
	}
	found.sample.Observe(float64(val))
}

// Shutdown calls the function given to [WithFlush], once. The metrics stay registered, so that a final
// scrape sees them, and later updates still count.
func (s *Sink) Shutdown() {
	s.shutdown.Do(func() {
		s.flush()
		s.cache.clear()
	})
}
