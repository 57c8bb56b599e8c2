package web

import (
	"fmt"
	"strconv"
	"strings"
)

// Vector is a vector as the status page shows it.
type Vector struct {
	Name             string
	Series, Bytes    int
	Limit, Shared    int  // limits of the vector and of its registry; 0 if unlimited
	Full             bool // A limit leaves no room.
	Overflowed, Long uint64
	Labels           []Label // the labels with the most values first
}

// Label is a label of a vector.
type Label struct {
	Name    string
	Values  int
	Example string // one of the values, or empty
}

// vectorColumns holds the columns of the table of vectors.
var vectorColumns = []struct {
	head string
	cell func(v *Vector) string
}{
	{"Vector", func(v *Vector) string { return v.Name }},
	{"Series", func(v *Vector) string { return strconv.Itoa(v.Series) }},
	{"Limit", (*Vector).limit},
	{"Overflowed", func(v *Vector) string { return positive(v.Overflowed) }},
	{"Long values", func(v *Vector) string { return positive(v.Long) }},
	{"Memory", func(v *Vector) string { return fmt.Sprintf("%d KiB", (v.Bytes+1023)/1024) }},
	{"Labels", (*Vector).labels},
}

// VectorTable returns the table with a row for each vector, or nil if there are no vectors.
func VectorTable(all []Vector) *Table {
	if len(all) == 0 {
		return nil
	}
	table := &Table{Title: "Largest vectors", Rows: make([]Row, len(all))}
	for _, column := range vectorColumns {
		table.Columns = append(table.Columns, column.head)
	}
	for i := range all {
		row := &table.Rows[i]
		row.Problem = all[i].Full
		for _, column := range vectorColumns {
			row.Cells = append(row.Cells, column.cell(&all[i]))
		}
	}
	return table
}

func (v *Vector) limit() string {
	var parts []string
	if v.Limit > 0 {
		parts = append(parts, strconv.Itoa(v.Limit))
	}
	if v.Shared > 0 {
		parts = append(parts, fmt.Sprintf("%d in the registry", v.Shared))
	}
	return strings.Join(parts, ", ")
}

// labels lists the labels with their numbers of values, and some of the values.
func (v *Vector) labels() string {
	parts := make([]string, len(v.Labels))
	for i, label := range v.Labels {
		parts[i] = fmt.Sprintf("%s: %d", label.Name, label.Values)
		if label.Example != "" {
			parts[i] += fmt.Sprintf(" (such as %q)", label.Example)
		}
	}
	return strings.Join(parts, ", ")
}
