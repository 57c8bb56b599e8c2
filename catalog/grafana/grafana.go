// Package grafana makes a Grafana dashboard of a catalog, by conventions:
//
//   - Counters show their rate by label, gauges and metrics of unknown type their values.
//   - Histograms show their rate, quantiles and a heatmap, from classic or native buckets.
//   - Summaries show their quantiles and their average.
//   - Infos are tables, state sets are state timelines.
//   - Units come from the declared unit, or else from the name.
//   - The metrics of one collector, or instruments whose names begin alike, form a row.
//
// The dashboard has variables for the data source, the job and the instance. The JSON is that of
// Grafana's dashboard model, version 42 of its schema, which Grafana 12 and later read as it
// is and import from a file or through provisioning. The same catalog always gives the
// same JSON, and counts of current series do not enter into it.
package grafana

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"

	"github.com/luxfi/metric/catalog"
)

// Opts are options of New. The zero value is ready.
type Opts struct {
	Title string // "Metrics" if it is empty.
	// UID identifies the dashboard in Grafana: a new version replaces an old one with the
	// same UID. It is at most 40 bytes long. If it is empty, New makes it of the title.
	UID         string
	Description string
	Tags        []string
	// Quantiles are those of histograms, from 0 to 1. 0.5, 0.9 and 0.99 if it is empty.
	Quantiles []float64
	// MaxPanels is how many panels the dashboard has at most, besides rows; 300 if it is 0. If
	// there are more, the last panel says how many are missing.
	MaxPanels int
}

// Dashboard is a dashboard. It implements json.Marshaler.
type Dashboard struct{ model dashboard }

// New returns a dashboard for the families of a catalog. It is an error if an option is not valid.
func New(c *catalog.Catalog, opts Opts) (*Dashboard, error) {
	const maxUID = 40
	if len(opts.UID) > maxUID {
		return nil, fmt.Errorf("the UID %.50q has %d bytes, but Grafana allows %d", opts.UID, len(opts.UID), maxUID)
	}
	for _, q := range opts.Quantiles {
		if !(q >= 0 && q <= 1) { // NaN is not.
			return nil, fmt.Errorf("the quantile %v is not from 0 to 1, such as 0.99", q)
		}
	}
	if opts.MaxPanels < 0 {
		return nil, fmt.Errorf("MaxPanels is %d, but has to be positive, or 0 for the default", opts.MaxPanels)
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

// JSON returns the dashboard in Grafana's JSON model, indented and with a line break at the end.
func (d *Dashboard) JSON() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d.model)
	return out.Bytes(), err
}

// maxID is the largest ID that Grafana's model has room for in every version.
const maxID = math.MaxInt32
