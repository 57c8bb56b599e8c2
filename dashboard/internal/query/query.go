// Package query answers the questions of the dashboard's page about samples.
//
// All functions are pure: they read immutable snapshots, and the past through a [Past]. All texts in
// their answers are valid UTF-8 without control characters, and cut to a length that a page can show. A
// nil snapshot has no families.
//
// # Searching
//
// A search consists of words that are separated by spaces. All of them must match:
//
//	word         a part of the family's name or help, or of the name or value of a label
//	label=value  a part of the value of a label whose name contains label
//	type:counter the family's type, or its beginning
//	-word        excludes what the word matches; works for all kinds of words
//	"a phrase"   a word with spaces; quotes also keep -, = and : from having a meaning
//
// Case is ignored. Words that do not match a family itself must match one and the same of its series.
// Only the first 4 KiB of a text are searched.
package query

import (
	"strings"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
)

// Past reads the numbers of the past. [store.Store] implements it.
type Past interface {
	// Range returns the times of the samples after from, oldest first, and the numbers of each column at
	// these times.
	Range(from time.Time, cols []int32) (times []time.Time, numbers [][]float64)

	// Gone returns the series of a family that have numbers in the past but were not in the last sample.
	Gone(family string) []*store.Series
}

// maxRows limits the rows of an answer. defaultRows is the meaning of a limit of 0.
const (
	maxRows     = 1000
	defaultRows = 100
)

// rowsOf returns the largest number of rows in an answer.
func rowsOf(limit int) int {
	if limit <= 0 {
		return defaultRows
	}
	return min(limit, maxRows)
}

// find returns the family with that name, or nil. For a family with a long name, it also accepts the
// form that clean returns, because the page knows only that.
func find(s *store.Snapshot, name string) *store.Family {
	if s == nil {
		return nil
	}
	f := s.Find(name)
	if f != nil || !isCut(name) {
		return f
	}
	for _, f := range s.Families {
		if cleanName(f.Name) == name {
			return f
		}
	}
	return nil
}

// isCut reports whether clean may have returned a text for a different one.
func isCut(text string) bool { return strings.ContainsAny(text, "…\uFFFD") }

// numberAt returns number i of a series at the time of a snapshot.
func numberAt(s *store.Snapshot, series *store.Series, i int) float64 {
	if i >= len(series.Cols) {
		return store.Missing
	}
	col := int(series.Cols[i])
	if col < 0 || col >= len(s.Numbers) {
		return store.Missing
	}
	return s.Numbers[col]
}

// toAPI converts a number for the page.
func toAPI(f float64) api.Number {
	if store.IsMissing(f) {
		return api.Missing
	}
	return api.Number(f)
}

// millis converts a time for the page.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
