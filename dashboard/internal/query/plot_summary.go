package query

import "github.com/luxfi/metric/dashboard/internal/store"

// averageName is the name of the line with a summary's average.
const averageName = "avg"

// summarySum holds the quantiles of a summary that has some and is the only one in its group. Quantiles
// of several summaries cannot be combined, so other groups have their average.
type summarySum struct {
	w      *window
	single []line // of the only series

	count, sum []float64 // per second
	alone      bool
	only       *store.Series
}

func newSummarySum(w *window, g *group) *summarySum {
	s := &summarySum{w: w, count: w.missing(), sum: w.missing()}
	if len(g.series) == 1 {
		s.only, s.alone = g.series[0], len(g.series[0].Shape.Quantiles) > 0
	}
	return s
}

func (s *summarySum) add(series *store.Series, numbers [][]float64) {
	if s.alone && series != s.only {
		return // The series is gone.
	}
	if s.alone {
		for j, q := range series.Shape.Quantiles {
			l := line{percentile(q), s.w.missing()}
			if firstAt+j < len(numbers) {
				for k, i := range s.w.points {
					l.values[k] = numbers[firstAt+j][i]
				}
			}
			s.single = append(s.single, l)
		}
		return
	}
	if len(numbers) < firstAt {
		return
	}
	s.w.vectorRates(numbers[:firstAt], series.Created, func(k int, rates []float64) {
		addTo(&s.count[k], rates[countAt])
		addTo(&s.sum[k], rates[sumAt])
	})
}

func (s *summarySum) lines() []line {
	if s.alone {
		return s.single
	}
	average := s.w.missing()
	for k := range average {
		average[k] = ratio(s.sum[k], s.count[k])
	}
	return []line{{averageName, average}}
}
