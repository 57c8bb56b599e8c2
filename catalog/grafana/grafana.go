// Package grafana creates a Grafana dashboard from a catalog. It follows these conventions:
//
//   - Counters show their rate by label; gauges and metrics of unknown type show their values.
//   - Histograms show their rate, quantiles and a heatmap, from classic or native buckets.
//   - Summaries show their quantiles and their average.
//   - Infos are tables, and state sets are state timelines.
//   - Units come from the declared unit, or otherwise from the name.
//   - The metrics of one collector, or instruments whose names begin alike, form a row.
//
// The dashboard has variables for the data source, the job and the instance. The JSON follows version 42 of
// the schema of Grafana's dashboard model. Grafana 12 and later read that version without conversion, and
// can import it from a file or through provisioning. The same catalog always produces the same JSON, which
// does not depend on counts of current series.
package grafana

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"

	"github.com/luxfi/metric/catalog"
)

// Opts are the options of [New]. The zero value is ready to use.
type Opts struct {
	Title string // default "Metrics"
	// UID identifies the dashboard in Grafana: a new version replaces an old one with the same UID. It has
	// at most 40 bytes. By default, New derives it from the title.
	UID         string
	Description string
	Tags        []string
	// Quantiles are the quantiles of histograms, from 0 to 1. The default is 0.5, 0.9 and 0.99.
	Quantiles []float64
	// MaxPanels limits the panels of the dashboard, not counting rows. The default is 300. If there are
	// more, the last panel says how many are missing.
	MaxPanels int
}

// Dashboard is a Grafana dashboard. It implements [json.Marshaler].
type Dashboard struct{ model dashboard }

// New returns a dashboard for the families of a catalog. It returns an error if an option is not valid.
func New(c *catalog.Catalog, opts Opts) (*Dashboard, error) {
	const maxUID = 40
	if len(opts.UID) > maxUID {
		return nil, fmt.Errorf("the UID %.50q has %d bytes, but Grafana allows %d", opts.UID, len(opts.UID), maxUID)
	}
	for _, q := range opts.Quantiles {
		if !(q >= 0 && q <= 1) { // false for NaN
			return nil, fmt.Errorf("the quantile %v is not from 0 to 1, such as 0.99", q)
		}
	}
	if opts.MaxPanels < 0 {
		return nil, fmt.Errorf("MaxPanels is %d, but must be positive, or 0 for the default", opts.MaxPanels)
	}
	if len(opts.Quantiles) == 0 {
		opts.Quantiles = []float64{0.5, 0.9, 0.99}
	}
	opts.Title, opts.MaxPanels = cmp.Or(opts.Title, "Metrics"), cmp.Or(opts.MaxPanels, 300)
	opts.UID = cmp.Or(opts.UID, uidOf(opts.Title))
	return &Dashboard{newDashboard(c, opts)}, nil
}

// MarshalJSON returns the dashboard in Grafana's JSON model.
func (d *Dashboard) MarshalJSON() ([]byte, error) { return json.Marshal(d.model) }

// JSON returns the dashboard in Grafana's JSON model, indented and with a final newline.
func (d *Dashboard) JSON() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d.model)
	return out.Bytes(), err
}

// maxID is the largest ID that every version of Grafana's model accepts.
const maxID = math.MaxInt32
