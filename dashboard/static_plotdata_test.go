package dashboard_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

// seen is the plot that a page shows at some time, with the plot that a new page would show.
type seen struct {
	Events []json.RawMessage `json:"events"` // all events since the stream began
	Fresh  json.RawMessage   `json:"fresh"`
}

// TestPageEqualsPlot checks that a page that has followed a stream shows the same plot as the answer of
// api/plot. Only the first moment of the window may differ, because a new plot has no rates for it.
func TestPageEqualsPlot(t *testing.T) {
	for name, test := range map[string]struct {
		spec   string
		values int
	}{
		"one line":    {`{"family":"x_total","seconds":20}`, 2},
		"by":          {`{"family":"x_total","by":["l"],"seconds":20}`, 12},
		"each":        {`{"family":"x","each":true,"seconds":20}`, 12},
		"histogram":   {`{"family":"h","by":["l"],"seconds":20}`, 4},
		"native":      {`{"family":"n","seconds":20}`, 3},
		"many groups": {`{"family":"x","by":["l"],"seconds":20}`, 30},
	} {
		t.Run(name, func(t *testing.T) {
			var all []seen
			synctest.Test(t, func(t *testing.T) { all = watch(t, test.spec, test.values) })
			data, err := json.Marshal(all)
			if err != nil {
				t.Fatal(err)
			}
			var differences []string
			runScript(t, comparison+"console.log(JSON.stringify(compareAll("+string(data)+")));", &differences)
			for _, d := range differences {
				t.Error(d)
			}
		})
	}
}

// comparison is a script that applies events as the page does and compares the result with a new plot.
const comparison = `
import { PlotData } from './static/plotdata.js';
function texts(data) {
  const all = { unit: data.unit, kind: data.kind, hidden: data.hidden, error: data.error };
  data.lines.forEach((l) => { all['line ' + l.key] = JSON.stringify([l.labels, l.name, l.v.slice(1)]); });
  all.times = JSON.stringify(data.t);
  all.heat = JSON.stringify(data.heat.slice(1).map((row) => row && [...row].map(([b, n]) => [b.lower, b.upper, n]).sort((a, b) => a[1] - b[1])));
  return all;
}
function compareAll(seen) {
  const stream = new PlotData(20);
  const differences = [];
  let applied = 0;
  seen.forEach(({ events, fresh }, i) => {
    for (; applied < events.length; applied++) stream.apply(events[applied]);
    const anew = new PlotData(20);
    anew.apply(fresh);
    const [a, b] = [texts(stream), texts(anew)];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (a[key] !== b[key]) differences.push('moment ' + i + ': ' + key + ' is ' + a[key] + ', a new plot has ' + b[key]);
    }
  });
  return differences.slice(0, 5);
}
`

// watch opens a stream of a plot while series appear, change and disappear, and returns what a page has
// received after each sample.
func watch(t *testing.T, spec string, values int) (all []seen) {
	r := metric.NewContextRegistry()
	counters := metric.NewCounterVec(metric.CounterOpts{Name: "x_total", Help: "h"}, []string{"l", "m"})
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Name: "x", Help: "h"}, []string{"l", "m"})
	histograms := metric.NewHistogramVec(metric.HistogramOpts{Name: "h", Help: "h", Buckets: []float64{1, 2, 4}}, []string{"l", "m"})
	natives := metric.NewHistogramVec(metric.HistogramOpts{Name: "n", Help: "h", NativeHistogramBucketFactor: 1.1}, []string{"l", "m"})
	r.MustRegister(counters, gauges, histograms, natives)
	d := newDashboard(t, r, dashboard.Opts{})
	random := rand.New(rand.NewPCG(1, uint64(values)))
	// No series comes back, because the store knows only the latest start of a series.
	lives := make(map[string]int)
	step := func() {
		for range values {
			l, m := fmt.Sprint(random.IntN(values)), fmt.Sprint(random.IntN(2))
			life := lives[l+m]
			m = fmt.Sprint(m, " ", life)
			if random.IntN(6) == 0 {
				lives[l+m[:1]]++
				counters.DeleteLabelValues(l, m)
				gauges.DeleteLabelValues(l, m)
				histograms.DeleteLabelValues(l, m)
				continue
			}
			counters.WithLabelValues(l, m).Add(float64(random.IntN(9)))
			gauges.WithLabelValues(l, m).Set(random.NormFloat64())
			histograms.WithLabelValues(l, m).Observe(5 * random.Float64())
			natives.WithLabelValues(l, m).Observe(random.NormFloat64())
		}
	}
	step()
	s := open(t, d, "/api/stream?plot="+url.QueryEscape(spec))
	time.Sleep(second)
	for range 40 {
		var now seen
		for _, e := range s.events("plot") {
			now.Events = append(now.Events, json.RawMessage(e.data))
		}
		now.Fresh = json.RawMessage(get(d, "/api/plot?spec="+url.QueryEscape(withKeys(t, spec, now.Events))).Body.Bytes())
		all = append(all, now)
		step()
		time.Sleep(2 * second)
	}
	return all
}

// withKeys returns a spec with the keys of the lines in the last event.
func withKeys(t *testing.T, spec string, events []json.RawMessage) string {
	t.Helper()
	fields := read[map[string]any](t, spec)
	var keys []string
	for _, line := range read[plot](t, string(events[len(events)-1])).Lines {
		keys = append(keys, line.Key)
	}
	fields["keys"] = keys
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
