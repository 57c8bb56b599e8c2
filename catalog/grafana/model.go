package grafana

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/promql"
)

// The types of this file are the necessary part of Grafana's dashboard model, schema version 42.
// TestDashboardSchema in the module e2e decodes it strictly with
// github.com/grafana/grafana-foundation-sdk/go, which Grafana generates from the schema.

const schemaVersion = 42

type object = map[string]any // Its keys are sorted when it is written.

type dashboard struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description,omitempty"`
	Tags          []string `json:"tags,omitempty"`
	Timezone      string   `json:"timezone"`
	Editable      bool     `json:"editable"`
	GraphTooltip  int      `json:"graphTooltip"` // 1: all panels share the crosshair
	Time          object   `json:"time"`
	Refresh       string   `json:"refresh"`
	SchemaVersion int      `json:"schemaVersion"`
	Panels        []panel  `json:"panels"`
	Templating    object   `json:"templating"`
	Annotations   object   `json:"annotations"`
}

type panel struct {
	ID          uint32  `json:"id"`
	Type        string  `json:"type"`
	Title       string  `json:"title"`
	Description string  `json:"description,omitempty"`
	Collapsed   *bool   `json:"collapsed,omitempty"` // only for a row
	GridPos     gridPos `json:"gridPos"`
	Datasource  *source `json:"datasource,omitempty"`
	Targets     []query `json:"targets,omitempty"`
	FieldConfig object  `json:"fieldConfig,omitempty"`
	Options     object  `json:"options,omitempty"`
	Panels      []panel `json:"panels,omitzero"` // only for a row, where it is never nil
}

type gridPos struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type source struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type query struct {
	RefID        string `json:"refId"`
	Expr         string `json:"expr"`
	LegendFormat string `json:"legendFormat,omitempty"`
	Format       string `json:"format,omitempty"`
	Range        bool   `json:"range"`
	Instant      bool   `json:"instant"`
}

// prometheus returns the data source that the variable selects.
func prometheus() *source { return &source{"prometheus", "${datasource}"} }

func newDashboard(c *catalog.Catalog, opts Opts) dashboard {
	return dashboard{
		UID: opts.UID, Title: literal(opts.Title), Description: literal(opts.Description), Tags: opts.Tags,
		Timezone: "browser", Editable: true, GraphTooltip: 1, Refresh: "30s",
		Time:          object{"from": "now-1h", "to": "now"},
		SchemaVersion: schemaVersion,
		Panels:        layOut(c, opts),
		Templating:    object{"list": variables(c)},
		Annotations:   object{"list": []any{}},
	}
}

// variables returns the variables for the data source, the jobs and the instances that export the metrics.
func variables(c *catalog.Catalog) []object {
	known := knownSeries(c)
	of := func(name, label, selector string) object {
		definition := "label_values(" + selector + ", " + name + ")"
		return object{
			"type": "query", "name": name, "label": label, "datasource": prometheus(), "definition": definition,
			"query":      object{"query": definition, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
			"includeAll": true, "multi": true, "allValue": ".*", "refresh": 2, "sort": 1,
			"current": object{"selected": true, "text": "All", "value": "$__all"},
		}
	}
	return []object{
		{"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "refresh": 1},
		of("job", "Job", known),
		of("instance", "Instance", promql.Selector(known, `job=~"$job"`)),
	}
}

// knownSeries returns the name of series that the program always has, or otherwise the name of series that
// Prometheus adds itself. The name must be a classic one, because the query of a variable uses it.
func knownSeries(c *catalog.Catalog) string {
	for _, f := range c.Families {
		switch f.Type {
		case catalog.Counter, catalog.Gauge, catalog.Info:
			always := true
			for _, l := range f.Labels {
				always = always && l.Constant
			}
			if always && promql.Selector(f.Name) == f.Name {
				return f.Name
			}
		}
	}
	return "up"
}

// uidOf returns a UID that depends only on the title. A change of the catalog therefore changes the
// dashboard and does not create another one.
func uidOf(title string) string {
	sum := sha256.Sum256([]byte(title))
	return hex.EncodeToString(sum[:8])
}

// ids gives each panel an ID that depends on its content, so that other versions of the dashboard use the
// same ID.
type ids map[uint32]bool

func (taken ids) of(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	id := h.Sum32()%maxID + 1
	for taken[id] {
		id = id%maxID + 1
	}
	taken[id] = true
	return id
}
