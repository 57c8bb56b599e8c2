package instrument

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// StateSource is implemented by the sources of state sets. For code that knows only Describe and
// Collect, state sets are gauges whose state label has the name of the family, including all prefixes.
type StateSource interface {
	model.GaugeSource

	// RenamedDesc returns desc, the descriptor of a renamed state set whose previous name was before,
	// with its state label renamed.
	RenamedDesc(desc *prometheus.Desc, before string) *prometheus.Desc

	// Metrics returns a gauge for each state of source, which is the StateSource or a wrapper around
	// it.
	Metrics(source model.Source, desc *prometheus.Desc) []prometheus.Metric
}

// stateSingle is the source of one state set, and stateVec is the source of a vector.
type (
	stateSingle struct{ singleSource }
	stateVec    struct{ *StateSets }
)

var _, _ StateSource = stateSingle{}, stateVec{}

func (s *StateSet) ownSource() model.Source { return stateSingle{singleSource{s}} }

// StateVecOf returns the vector as a source.
func StateVecOf(v *StateSets) stateVec { return stateVec{v} } //nolint:revive // It is for MarkOf.

func (s stateSingle) Gauges(f *model.Family) model.Source { return model.GaugesOf(s, f) }
func (s stateVec) Gauges(f *model.Family) model.Source    { return model.GaugesOf(s, f) }

func (stateSingle) RenamedDesc(desc *prometheus.Desc, before string) *prometheus.Desc {
	return renamedState(desc, before)
}

func (stateVec) RenamedDesc(desc *prometheus.Desc, before string) *prometheus.Desc {
	return renamedState(desc, before)
}

func (stateSingle) Metrics(source model.Source, desc *prometheus.Desc) []prometheus.Metric {
	return stateMetrics(source, source.Family(), desc)
}

func (stateVec) Metrics(source model.Source, desc *prometheus.Desc) []prometheus.Metric {
	return stateMetrics(source, source.Family(), desc)
}

func renamedState(desc *prometheus.Desc, before string) *prometheus.Desc {
	info := clientgolang.Parse(desc)
	if info.Err != nil {
		return desc
	}
	if err := CheckStateLabel(info.Name); err != nil {
		return prometheus.NewInvalidDesc(err)
	}
	labels := slices.Clone(info.Variable)
	if i := slices.Index(labels, before); i >= 0 {
		labels[i] = info.Name
	}
	constant := make(prometheus.Labels, len(info.Constant))
	for _, l := range info.Constant {
		constant[l.Name] = l.Value
	}
	return prometheus.NewDesc(info.Name, info.Help, labels, constant)
}

// stateMetrics returns a gauge for each state of each series. The gauges of a series show its states at
// one moment.
func stateMetrics(source model.Source, f *model.Family, desc *prometheus.Desc) (all []prometheus.Metric) {
	var (
		series  = source.Series()
		p       model.Point
		scratch model.Scratch
		samples model.StateSamples
	)
	for i := range series.Len() {
		series.At(i, &p, &scratch)
		for state := range p.States.Names {
			sample, err := samples.At(&p, f.Reserved(), state)
			if err != nil {
				return []prometheus.Metric{prometheus.NewInvalidMetric(desc, err)}
			}
			all = append(all, &stateMetric{desc, sample.Clone()})
		}
	}
	return all
}

// stateMetric is one state as a gauge.
type stateMetric struct {
	desc  *prometheus.Desc
	point model.Point
}

func (m *stateMetric) Desc() *prometheus.Desc { return m.desc }

func (m *stateMetric) Write(out *clientmodel.Metric) error {
	clientmodel.EncodePoint(out, model.Gauge, &m.point)
	return nil
}
