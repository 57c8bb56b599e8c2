package catalog

import (
	"slices"
	"strconv"
	"strings"
)

// Markdown returns the families as a table in GitHub's Markdown, with one row per family. It leaves out the
// counts of series and label values, so that the text changes only with the declarations. A test may
// compare it with a file in the repository.
func (c *Catalog) Markdown() string { return c.Static().table(false) }

// MarkdownWithCounts is like [Catalog.Markdown], but adds the number of current series, and the number of
// distinct values of variable labels.
func (c *Catalog) MarkdownWithCounts() string { return c.table(true) }

func (c *Catalog) table(counts bool) string {
	head := []string{"Metric", "Type", "Unit", "Labels", "Help", "Details", "Collector"}
	if counts {
		head = append(head, "Series")
	}
	var b strings.Builder
	row := func(cells []string) {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	row(head)
	row(slices.Repeat([]string{"---"}, len(head)))
	for i := range c.Families {
		f := &c.Families[i]
		cells := []string{code(f.Name), string(f.Type), text(f.Unit), f.labelCell(), text(f.Help), f.details(), f.collectorCell()}
		if counts {
			cells = append(cells, strconv.Itoa(f.Series))
		}
		row(cells)
	}
	return b.String()
}

// labelCell lists the labels: constant labels with their value, variable labels with the number of values
// if that is known.
func (f *Family) labelCell() string {
	cells := make([]string, 0, len(f.Labels))
	for _, l := range f.Labels {
		cell := code(l.Name)
		switch {
		case l.Constant:
			cell = code(l.Name + "=" + strconv.Quote(l.Value))
		case l.Values > 0:
			cell += " (" + strconv.Itoa(l.Values) + ")"
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, ", ")
}

// details returns the properties that only some types have.
func (f *Family) details() string {
	var parts []string
	if len(f.Buckets) > 0 {
		parts = append(parts, "buckets "+numbers(f.Buckets))
	}
	if f.NativeSchema != nil {
		parts = append(parts, "native buckets of schema "+strconv.Itoa(int(*f.NativeSchema)))
	}
	if len(f.Quantiles) > 0 {
		parts = append(parts, "quantiles "+numbers(f.Quantiles))
	}
	if len(f.States) > 0 {
		states := make([]string, len(f.States))
		for i, s := range f.States {
			states[i] = code(s)
		}
		parts = append(parts, "states "+strings.Join(states, ", "))
	}
	return strings.Join(parts, "; ")
}

func (f *Family) collectorCell() string {
	cells := make([]string, 0, len(f.Collectors))
	for _, c := range f.Collectors {
		if c.Name == f.Name {
			cells = append(cells, text(c.Kind)) // Instruments have the name of their family.
			continue
		}
		cells = append(cells, code(c.Name)+" ("+text(c.Kind)+")")
	}
	return strings.Join(cells, ", ")
}

// numbers lists at most twenty numbers.
func numbers(list []float64) string {
	const most = 20
	var b strings.Builder
	for i, v := range list[:min(len(list), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	}
	if len(list) > most {
		b.WriteString(", … (" + strconv.Itoa(len(list)) + " in all)")
	}
	return b.String()
}

// code returns s as code in a cell of a table. The fence is longer than every run of backticks in s, so
// that s cannot end it. Line breaks and other control characters are escaped.
func code(s string) string {
	s = strings.ReplaceAll(printable(s), "|", `\|`) // A bar ends the cell even within code.
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if s == "" || longest > 0 || s[0] == ' ' || s[len(s)-1] == ' ' {
		s = " " + s + " " // Otherwise a backtick at either end would be part of the fence.
	}
	return fence + s + fence
}

func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// text returns s as plain text in a cell of a table, on one line.
func text(s string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		switch r {
		case '\\', '|', '`', '*', '<', '>', '[', ']', '&':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
