package remote

import (
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
	"github.com/luxfi/metric/internal/scrape"
)

// report makes the metrics of a group about its targets.
type report [3]column

// column is one family of a report.
type column struct {
	family *model.Family
	value  func(*scrape.Result) float64
}

func newReport(namespace string) *report {
	family := func(name, help, unit string) *model.Family {
		return &model.Family{Name: namespace + "_target_" + name, Help: help, Unit: unit, Type: model.Gauge}
	}
	return &report{
		{family("success", "Whether the target has given its metrics to this scrape.", ""), func(r *scrape.Result) float64 {
			if r.Err != nil {
				return 0
			}
			return 1
		}},
		{family("duration_seconds", "How long the request to the target has taken.", "seconds"), func(r *scrape.Result) float64 {
			return r.Duration.Seconds()
		}},
		{family("series", "How many series the target has given.", ""), func(r *scrape.Result) float64 {
			return float64(r.Series)
		}},
	}
}

// row is the result of a target.
type row struct {
	labels model.Labels
	result *scrape.Result
}

// of returns the metrics about the targets of a scrape. It is the function for scrape.Registry.Report.
func (r *report) of(results []scrape.Result) []model.Source {
	rows := make([]row, 0, len(results))
	for i := range results {
		if t, ok := collect.Unwrap(results[i].Of).(*Target); ok {
			rows = append(rows, row{t.labels, &results[i]})
		}
	}
	order.By(rows, func(a, b row) int { return model.CompareLabels(a.labels, b.labels) })
	all := make([]model.Source, 0, len(r))
	for i := range r {
		all = append(all, &reported{&r[i], rows})
	}
	return all
}

// reported has the values of a column for all targets.
type reported struct {
	*column

	rows []row
}

func (s *reported) Family() *model.Family { return s.family }
func (s *reported) Series() model.Series  { return s }
func (s *reported) Len() int              { return len(s.rows) }

// Mixed implements model.MixedSource. It returns true because targets may have labels of different names.
func (s *reported) Mixed() bool { return true }

func (s *reported) At(i int, p *model.Point, _ *model.Scratch) {
	p.SetNumber(s.rows[i].labels, s.value(s.rows[i].result))
}
