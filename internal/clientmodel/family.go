package clientmodel

import (
	"fmt"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
)

var toModel = map[dto.MetricType]model.Type{
	dto.MetricType_COUNTER:         model.Counter,
	dto.MetricType_GAUGE:           model.Gauge,
	dto.MetricType_SUMMARY:         model.Summary,
	dto.MetricType_UNTYPED:         model.Untyped,
	dto.MetricType_HISTOGRAM:       model.Histogram,
	dto.MetricType_GAUGE_HISTOGRAM: model.GaugeHistogram,
}

// DecodeFamily converts everything but the metrics of a family.
func DecodeFamily(mf *dto.MetricFamily) (*model.Family, error) {
	t, ok := toModel[mf.GetType()]
	switch {
	case mf.GetName() == "":
		return nil, fmt.Errorf("a metric family without a name (help %q)", mf.GetHelp())
	case !utf8.ValidString(mf.GetName()):
		return nil, fmt.Errorf("a metric family whose name is not UTF-8: %q", mf.GetName())
	case model.CheckName(mf.GetName()) != nil:
		return nil, fmt.Errorf("a metric family with an invalid name: %w", model.CheckName(mf.GetName()))
	case !ok:
		return nil, fmt.Errorf("metric family %q has the unknown type %v", mf.GetName(), mf.GetType())
	}
	return &model.Family{Name: mf.GetName(), Help: mf.GetHelp(), Unit: mf.GetUnit(), Type: t, NoHelp: mf.Help == nil}, nil
}

// Decode calls each for every point of a family, and drop for every invalid metric. It does not modify
// mf. p is valid until each returns.
func Decode(mf *dto.MetricFamily, each func(f *model.Family, p *model.Point) error, drop func(error)) error {
	f, err := DecodeFamily(mf)
	if err != nil {
		drop(err)
		return nil
	}
	var (
		d Decoder
		p model.Point
	)
	for _, m := range mf.Metric {
		if err := d.Point(m, f.Type, &p); err != nil {
			drop(fmt.Errorf("collected %s %w", Describe(f.Name, m), err))
			continue
		}
		if err := each(f, &p); err != nil {
			return err
		}
	}
	return nil
}
