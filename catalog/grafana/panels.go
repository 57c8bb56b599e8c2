package grafana

import (
	"strconv"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/promql"
)

// The matchers at the beginning of every query.
const (
	jobMatcher      = `job=~"$job"`
	instanceMatcher = `instance=~"$instance"`
)

// maxGrouped limits the labels that a query groups by.
const maxGrouped = 10

// panelsOf returns the panels of a family, without IDs and positions.
func panelsOf(f *catalog.Family, opts Opts) []panel {
	var panels []panel
	switch {
	case f.Type == catalog.Counter:
		panels = []panel{counterPanel(f)}
	case f.IsInfo():
		panels = []panel{infoPanel(f)}
	case f.Type == catalog.StateSet:
		panels = []panel{statePanel(f)}
	case f.Type == catalog.Histogram:
		panels = []panel{
			series(f, "rate", "cps", target(countRate(f), legend("rate", grouped(f)...))),
			quantilePanel(f, opts), heatmapPanel(f),
		}
	case f.Type == catalog.GaugeHistogram:
		panels = []panel{quantilePanel(f, opts), heatmapPanel(f)}
	case f.Type == catalog.Summary:
		panels = summaryPanels(f)
	default:
		panels = []panel{gaugePanel(f)}
	}
	for i := range panels {
		p := &panels[i]
		p.Title, p.Description = literal(p.Title), literal(limited(f.Help, maxText))
		p.Datasource = prometheus()
		for j := range p.Targets {
			p.Targets[j].RefID = refID(j)
		}
	}
	return panels
}

// refID returns the name of a query in its panel: A to Z, then A1 and so on.
func refID(i int) string {
	id := string(rune('A' + i%26))
	if i >= 26 {
		id += strconv.Itoa(i / 26)
	}
	return id
}

// titled returns the title of a panel about a family.
func titled(f *catalog.Family, what string) string {
	title := limited(f.Name, maxTitle)
	if what != "" {
		title += ": " + what
	}
	return title
}

func target(expr, legend string) query {
	return query{Expr: expr, LegendFormat: legend, Format: "time_series", Range: true}
}

// series returns a panel with lines.
func series(f *catalog.Family, what, unit string, targets ...query) panel {
	return panel{
		Type: "timeseries", Title: titled(f, what), Targets: targets,
		FieldConfig: object{"defaults": object{"unit": unit, "custom": object{"fillOpacity": 10, "showPoints": "never"}}, "overrides": []any{}},
		Options: object{
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		},
	}
}

// grouped returns the variable labels of a family as Prometheus stores them.
func grouped(f *catalog.Family) []string {
	var names []string
	for _, l := range f.Labels {
		if !l.Constant && len(names) < maxGrouped {
			names = append(names, promql.Scraped(l.Name))
		}
	}
	return names
}

// selector returns a selector of the family's series with a suffix.
func selector(f *catalog.Family, suffix string) string {
	return promql.Selector(f.Name+suffix, jobMatcher, instanceMatcher)
}

// rate returns the rate of the family's series with a suffix.
func rate(f *catalog.Family, suffix string) string {
	return "rate(" + selector(f, suffix) + "[$__rate_interval])"
}

// sum returns a sum by labels.
func sum(labels []string, expr string) string {
	return "sum " + promql.By(labels...) + "(" + expr + ")"
}

func counterPanel(f *catalog.Family) panel {
	labels := grouped(f)
	return series(f, "rate", unitOf(f).rate, target(sum(labels, rate(f, "")), legend("rate", labels...)))
}

func gaugePanel(f *catalog.Family) panel {
	labels := legend("{{instance}}", append([]string{"instance"}, grouped(f)...)...)
	if isTime(f) {
		return series(f, "age", "s", target("time() - "+selector(f, ""), labels))
	}
	return series(f, "", unitOf(f).value, target(selector(f, ""), labels))
}

// infoPanel returns a table of all labels.
func infoPanel(f *catalog.Family) panel {
	return panel{
		Type: "table", Title: titled(f, ""),
		Targets:     []query{{Expr: selector(f, ""), Format: "table", Instant: true}},
		FieldConfig: object{"defaults": object{"custom": object{"align": "auto", "inspect": false}}, "overrides": []any{}},
		Options:     object{"showHeader": true, "frameIndex": 0},
	}
}

// statePanel returns a timeline with a lane for each state.
func statePanel(f *catalog.Family) panel {
	labels := append([]string{"instance"}, grouped(f)...)
	return panel{
		Type: "state-timeline", Title: titled(f, ""),
		Targets: []query{target(selector(f, ""), legend("", append(labels, f.Name)...))},
		FieldConfig: object{
			"defaults": object{
				"custom": object{"fillOpacity": 70, "lineWidth": 0},
				"mappings": []object{{"type": "value", "options": object{
					"0": object{"text": "off", "color": "transparent", "index": 0},
					"1": object{"text": "on", "color": "green", "index": 1},
				}}},
			},
			"overrides": []any{},
		},
		Options: object{
			"showValue": "never", "rowHeight": 0.8, "mergeValues": true,
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": []string{}},
			"tooltip": object{"mode": "single", "sort": "none"},
		},
	}
}
