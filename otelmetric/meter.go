package otelmetric

import (
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/embedded"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/model"
)

// meter implements [api.Meter]. It has one instrument for each name, description, unit and kind.
type meter struct {
	embedded.Meter

	provider *MeterProvider
	scope    instrumentation.Scope
	labels   metric.Labels // labels of all series

	mu          sync.Mutex
	instruments map[instrumentID]any
}

var _ api.Meter = (*meter)(nil)

// instrumentID identifies an instrument of a meter.
type instrumentID struct {
	name, description, unit string
	kind                    sdk.InstrumentKind
	float                   bool
}

func newMeter(p *MeterProvider, scope instrumentation.Scope) *meter {
	return &meter{provider: p, scope: scope, labels: p.labelsOf(scope), instruments: make(map[instrumentID]any)}
}

// family returns the family in which a stream is exposed. It returns an error if the family's name cannot
// be translated, or belongs to metrics of another type.
func (m *meter) family(c *streamConfig) (model.Family, error) {
	p := m.provider
	named, err := p.names.Metric(c.name, c.unit, c.kind)
	if err != nil {
		return model.Family{}, fmt.Errorf("instrument %q: %w", c.name, err)
	}
	f, err := p.claim(model.Family{Name: named.Name, Help: c.description, Unit: named.Unit, Type: c.kind.Type()}, fmt.Sprintf("meter %q", m.scope.Name))
	if err != nil {
		return model.Family{}, fmt.Errorf("instrument %q of meter %q: %w", c.name, m.scope.Name, err)
	}
	return f, nil
}

// others returns the labels that series have in addition to attributes, for [translate.Names.Labels].
func (m *meter) others(f model.Family) map[string]string {
	others := make(map[string]string, len(m.labels)+1)
	maps.Copy(others, m.labels)
	if label := f.Reserved(); label != "" {
		others[label] = ""
	}
	return others
}

// without returns the labels that are not in names.
func without(labels metric.Labels, names []string) metric.Labels {
	for _, name := range names {
		if _, found := labels[name]; found {
			labels = maps.Clone(labels)
			delete(labels, name)
		}
	}
	return labels
}

// register registers a collector and adds the given labels to its series.
func (m *meter) register(labels metric.Labels, c prometheus.Collector) error {
	if err := m.provider.register(metric.WrapCollectorWith(labels, c)); err != nil {
		return fmt.Errorf("cannot register metrics of meter %q: %w", m.scope.Name, err)
	}
	return nil
}

// instrumentOf returns the instrument of m with these properties. If the instrument does not exist,
// instrumentOf calls create.
func instrumentOf[I any](m *meter, float bool, i sdk.Instrument, create func() I) I {
	id := instrumentID{strings.ToLower(i.Name), i.Description, i.Unit, i.Kind, float}
	m.mu.Lock()
	known, ok := m.instruments[id].(I)
	m.mu.Unlock()
	if ok {
		return known
	}
	made := create() // create calls views, which are code of the program, so no lock is held.
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.instruments[id].(I); ok {
		return known
	}
	m.instruments[id] = made
	return made
}

// describe returns the properties of an instrument by which views select it.
func (m *meter) describe(name, description, unit string, kind sdk.InstrumentKind) sdk.Instrument {
	return sdk.Instrument{Name: name, Description: description, Unit: unit, Kind: kind, Scope: m.scope}
}

// checkName returns an error if name is not a valid name of an instrument. As in OpenTelemetry's SDK, such
// an instrument works nevertheless.
func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", sdk.ErrInstrumentName)
	case len(name) > 255:
		return fmt.Errorf("%w: %q: it has %d characters, and 255 are allowed", sdk.ErrInstrumentName, name, len(name))
	case !isLetter(name[0]):
		return fmt.Errorf("%w: %q: it must begin with a letter", sdk.ErrInstrumentName, name)
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && (c < '0' || c > '9') && !strings.ContainsRune("_.-/", rune(c)) {
			return fmt.Errorf("%w: %q: letters, digits and the characters _ . - / are allowed", sdk.ErrInstrumentName, name)
		}
	}
	return nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
