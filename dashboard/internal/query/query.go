// Package query answers what the dashboard's page asks about samples.
//
// All functions are pure: they read immutable snapshots, and the past by way of a [Past]. All texts in
// their answers are cut to a length that a page can show.
package query

import (
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
)

// Past reads the numbers of the past; a [store.Store] is one.
type Past interface {
	Range(from time.Time, cols []int32) (times []time.Time, numbers [][]float64)
}

// Search finds families by words: see the package's documentation of the syntax. limit bounds the rows.
func Search(s *store.Snapshot, words string, limit int) *api.Search { panic("TODO") }

// DetailOptions choose a part of a family.
type DetailOptions struct {
	Family   string
	Words    string // Search among its series.
	Offset   int
	Limit    int
	TraceURL string // Template with {trace_id} and {span_id}; empty means no links.
}

// Detail describes a family with the current values of its series. before, which may be nil, is an earlier snapshot
// for the rates of counters. It returns nil if there is no such family.
func Detail(s, before *store.Snapshot, opts DetailOptions) *api.Detail { panic("TODO") }

// Plot returns a family over time: what came after since, or, if that is zero, everything in the window that the spec asks for.
func Plot(s *store.Snapshot, past Past, spec api.Spec, since time.Time) *api.Plot { panic("TODO") }

// Cardinality returns the sizes of all families, compared with an earlier snapshot, which may be nil. limit bounds the rows.
func Cardinality(s, start *store.Snapshot, limit int) *api.Cardinality { panic("TODO") }

// Values returns the values of a label of a family that have the most series, or nil if there is no such family or label.
func Values(s *store.Snapshot, family, label string, limit int) *api.LabelCount { panic("TODO") }

// Changes compares two snapshots. words filter as in Search.
func Changes(before, after *store.Snapshot, words string, limit int) *api.Changes { panic("TODO") }
