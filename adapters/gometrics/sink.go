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

// NewSink returns a sink whose metrics are exposed by reg: a registry of package metric, which reads
// them like its own instruments, or any other Registerer. A registry can have several sinks if their
// metrics differ in name, or in labels that [metric.WrapRegistererWith] adds.
//
// The error says which option or definition is not valid, or why reg refuses the sink.
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
	// It has no metrics yet, so it announces none, and may have any later.
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

// SetPrecisionGauge sets a gauge to a number of 64 bits.
func (s *Sink) SetPrecisionGauge(key []string, val float64) { s.setGauge(key, val, nil) }

// SetPrecisionGaugeWithLabels sets a gauge with labels to a number of 64 bits.
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

// IncrCounter adds to a counter.
func (s *Sink) IncrCounter(key []string, val float32) { s.IncrCounterWithLabels(key, val, nil) }

// IncrCounterWithLabels adds to a counter with labels. It leaves out a value that is negative, NaN or
// infinite.
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

// AddSample counts a sample.
func (s *Sink) AddSample(key []string, val float32) { s.AddSampleWithLabels(key, val, nil) }

// AddSampleWithLabels counts a sample with labels. It leaves out NaN and infinities.
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

// Shutdown calls the function of [WithFlush], once. The metrics stay registered, so that a last scrape
// still sees them, and later updates count.
func (s *Sink) Shutdown() {
	s.shutdown.Do(func() {
		s.flush()
		s.cache.clear()
	})
}
