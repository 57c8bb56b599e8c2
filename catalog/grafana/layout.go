package grafana

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luxfi/metric/catalog"
)

const (
	columns     = 24 // columns of Grafana's grid
	panelWidth  = 8
	panelHeight = 8
	// maxOpen limits the panels of a dashboard with open rows. Grafana runs no queries for a collapsed row.
	maxOpen = 30
)

// row is a row whose panels have no positions yet.
type row struct {
	title  string
	panels []panel
}

// layOut returns the panels of a dashboard with their positions.
func layOut(c *catalog.Catalog, opts Opts) []panel {
	taken := make(ids)
	rows, left := rowsOf(c, opts, taken)
	total := 0
	for _, r := range rows {
		total += len(r.panels)
	}
	collapsed := total > maxOpen
	all := []panel{}
	y := 0
	for i, r := range rows {
		closed := collapsed && i > 0
		head := panel{
			ID: taken.of("row\x00" + r.title), Type: "row", Title: literal(r.title), Collapsed: &closed,
			GridPos: gridPos{H: 1, W: columns, Y: y}, Panels: []panel{},
		}
		y++
		bottom := place(r.panels, y)
		if closed {
			head.Panels = r.panels
			all = append(all, head)
			continue
		}
		all = append(append(all, head), r.panels...)
		y = bottom
	}
	if left > 0 {
		all = append(all, panel{
			ID: taken.of("left out"), Type: "text", Title: "More metrics",
			GridPos: gridPos{H: 3, W: columns, Y: y},
			Options: object{"mode": "markdown", "content": fmt.Sprintf("%d more panels are left out: the dashboard is limited to %d.", left, opts.MaxPanels)},
		})
	}
	return all
}

// place places panels side by side from y down, and returns the y of their bottom.
func place(panels []panel, y int) (bottom int) {
	x := 0
	for i := range panels {
		if x+panelWidth > columns {
			x, y = 0, y+panelHeight
		}
		panels[i].GridPos = gridPos{H: panelHeight, W: panelWidth, X: x, Y: y}
		x += panelWidth
	}
	if len(panels) > 0 {
		y += panelHeight
	}
	return y
}

// rowsOf returns rows with all panels up to the limit, and the number of panels that are left out.
func rowsOf(c *catalog.Catalog, opts Opts, taken ids) (rows []*row, left int) {
	title := titles(c)
	byTitle := make(map[string]*row)
	n := 0
	for i := range c.Families {
		f := &c.Families[i]
		for _, p := range panelsOf(f, opts) {
			if n == opts.MaxPanels {
				left++
				continue
			}
			n++
			p.ID = taken.of(f.Name + "\x00" + p.Title + "\x00" + p.Type)
			r := byTitle[title(f)]
			if r == nil {
				r = &row{title: title(f)}
				byTitle[r.title] = r
				rows = append(rows, r)
			}
			r.panels = append(r.panels, p)
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return strings.Compare(a.title, b.title) })
	return rows, left
}

// titles returns a function that returns the row of a family. A collector has one row for all its families.
// Instruments share a row if their names begin with the same words.
func titles(c *catalog.Catalog) func(*catalog.Family) string {
	namespace, instruments := "", 0
	for i := range c.Families {
		f := &c.Families[i]
		if !isInstrument(f) {
			continue
		}
		first, _ := cutName(f.Name)
		if instruments++; instruments == 1 {
			namespace = first
		} else if first != namespace {
			namespace = ""
		}
	}
	return func(f *catalog.Family) string {
		if !isInstrument(f) {
			return f.Collectors[0].Name
		}
		first, rest := cutName(f.Name)
		if namespace == "" || instruments == 1 || rest == "" {
			return first
		}
		second, more := cutName(rest[1:])
		if more == "" || second == "" {
			return first
		}
		return first + rest[:1] + second
	}
}

// isInstrument reports whether the name of a family determines its row. That is so for instruments,
// functions, registries and families of unknown origin.
func isInstrument(f *catalog.Family) bool {
	if len(f.Collectors) == 0 {
		return true
	}
	kind := f.Collectors[0].Kind
	return kind == "instrument" || kind == "function" || kind == "registry"
}

// cutName returns the first word of a name, and the rest including the separator before it.
func cutName(name string) (first, rest string) {
	i := strings.IndexAny(name, "_.:")
	if i <= 0 {
		return name, ""
	}
	return name[:i], name[i:]
}
