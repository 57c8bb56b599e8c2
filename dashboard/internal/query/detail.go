package query

import (
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
)

// DetailOptions select a part of a family.
type DetailOptions struct {
	Family   string
	Words    string // search among its series
	Offset   int
	Limit    int    // of rows; 0 means 100, and there are never more than 1,000
	TraceURL string // template with {trace_id} and {span_id}; empty means no links
}

// Detail describes a family with the current values of its series. before, which may be nil, is an earlier
// snapshot for rates and the quantiles of recent observations. It returns nil if there is no such family.
func Detail(s, before *store.Snapshot, opts DetailOptions) *api.Detail {
	f := find(s, opts.Family)
	if f == nil {
		return nil
	}
	if before != nil && !before.At.Before(s.At) {
		before = nil
	}
	series := parse(opts.Words).matching(f)
	d := &api.Detail{
		T: millis(s.At), Family: describe(f, len(series)), Queries: queriesOf(f),
		Columns: []string{}, Rows: []api.Row{}, Total: len(series),
	}
	columns := columnsOf(f)
	for _, c := range columns.names {
		d.Columns = append(d.Columns, cleanName(c))
	}
	offset := min(max(opts.Offset, 0), len(series))
	r := rower{s: s, before: newEarlier(before, f), columns: columns}
	if before != nil {
		r.elapsed = s.At.Sub(before.At)
	}
	for _, one := range series[offset:min(len(series), offset+rowsOf(opts.Limit))] {
		d.Rows = append(d.Rows, api.Row{
			Labels: labelsOf(one.Labels), Values: r.values(one), Created: createdMillis(one),
			Exemplars: exemplarsOf(s.Exemplars[one], opts.TraceURL),
		})
	}
	return d
}

func createdMillis(s *store.Series) int64 {
	if !s.Created.Valid {
		return 0
	}
	return s.Created.Nanos / int64(time.Millisecond)
}
