package main

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
)

// standing is the result for a target.
type standing struct {
	target

	ours  float64
	best  measure // the measure that ours is compared with
	other float64 // the median of best
	ratio float64
	hit   bool
}

func standings(targets []target, s samples) []standing {
	rows := make([]standing, 0, len(targets))
	for _, t := range targets {
		row := standing{target: t, ours: median(s[t.measure]), other: math.NaN(), ratio: math.NaN()}
		if len(t.against) == 0 {
			row.hit = row.ours <= t.limit
		} else if best, ok := s.best(t.against); ok {
			row.best, row.other = best, median(s[best])
			row.ratio = s.ratio(t.measure, best)
			row.hit = row.ratio <= t.limit
		}
		rows = append(rows, row)
	}
	return rows
}

var heading = [...]string{"work", "target", "compared with", "metric", "ratio", ""}

// cells returns the cells of a target's row, in the order of heading.
func (s *standing) cells() [len(heading)]string {
	verdict := "MISS"
	if s.hit {
		verdict = "hit"
	}
	cells := [...]string{s.work, "≤ " + s.goal(), "", figure(s.ours, s.measure.unit), "", verdict}
	if len(s.against) > 0 {
		cells[2] = s.best.peer + " " + figure(s.other, s.best.unit)
		if s.best.peer == ours {
			cells[2] = figure(s.other, s.best.unit)
		}
		cells[4] = fraction(s.ratio)
	}
	return cells
}

func (s *standing) goal() string {
	switch {
	case len(s.against) == 0:
		return figure(s.limit, s.measure.unit)
	case s.limit < 0.2:
		return fmt.Sprintf("1/%.0f", 1/s.limit)
	default:
		return fmt.Sprintf("%.2f", s.limit)
	}
}

// fraction formats small ratios as fractions, like the targets.
func fraction(ratio float64) string {
	switch {
	case math.IsNaN(ratio):
		return "not measured"
	case ratio > 0 && ratio < 0.2:
		return fmt.Sprintf("1/%.1f", 1/ratio)
	default:
		return fmt.Sprintf("%.2f", ratio)
	}
}

func figure(v float64, unit string) string {
	digits := 0
	if v != math.Trunc(v) && v < 100 {
		digits = 1
	}
	return fmt.Sprintf("%.*f %s", digits, v, unit)
}

func plainTable(rows []standing) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	line := func(cells []string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) } // Writing to memory does not fail.
	line(heading[:])
	for i := range rows {
		cells := rows[i].cells()
		line(cells[:])
	}
	_ = w.Flush()
	return out.String() + summary(rows)
}

func markdownTable(rows []standing) string {
	var out strings.Builder
	line := func(cells []string) { fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | ")) }
	line(heading[:])
	line([]string{"---", "---", "---", "---", "---", "---"})
	for i := range rows {
		cells := rows[i].cells()
		if !rows[i].hit {
			cells[5] = "**miss**"
		}
		line(cells[:])
	}
	return out.String()
}

func summary(rows []standing) string {
	hits := 0
	for i := range rows {
		if rows[i].hit {
			hits++
		}
	}
	return fmt.Sprintf("%d of %d targets hit", hits, len(rows))
}
