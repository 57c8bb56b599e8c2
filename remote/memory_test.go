package remote_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// TestGathersAtOnce gathers from a target in all ways at the same time, while its bodies are overwritten
// when they are freed (see TestMain). All samples of a response must have the same value.
func TestGathersAtOnce(t *testing.T) {
	var n atomic.Int64
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := n.Add(1)
		var b bytes.Buffer
		for _, name := range []string{"a", "b", "c", "histogram"} {
			if name == "histogram" {
				fmt.Fprintf(&b, "# HELP h Help.\n# TYPE h histogram\n")
				for i := range 20 {
					fmt.Fprintf(&b, "h_bucket{i=\"%02d\",v=\"%d\",le=\"1\"} %d\nh_bucket{i=\"%02d\",v=\"%d\",le=\"+Inf\"} %d\nh_sum{i=\"%02d\",v=\"%d\"} 1\nh_count{i=\"%02d\",v=\"%d\"} %d\n",
						i, v, v, i, v, v, i, v, i, v, v)
				}
				continue
			}
			fmt.Fprintf(&b, "# HELP %s Help.\n# TYPE %s gauge\n", name, name)
			for i := range 200 {
				if name == "c" {
					i = 199 - i // not in order
				}
				fmt.Fprintf(&b, "%s{i=\"%03d\",v=\"%d\"} %d\n", name, i, v, v)
			}
		}
		if v%7 == 0 { // Some responses break off.
			w.Header().Set("Content-Length", strconv.Itoa(b.Len()+1))
		}
		writeText(w, b.String())
	}))
	target := newTarget(t, server.URL, remote.Opts{Retries: -1})
	var gatherers []metric.GathererWithContext
	for _, opts := range [][]metric.CollectorOption{
		nil,
		{metric.WithCache(5 * time.Millisecond)},
		{metric.WithStale(time.Minute), metric.WithTimeout(3 * time.Millisecond)},
		{metric.WithBackground(5 * time.Millisecond)},
	} {
		reg := metric.NewContextRegistry()
		t.Cleanup(func() { reg.Close() })
		reg.MustRegisterWith(target, opts...)
		gatherers = append(gatherers, reg)
		labeled := metric.NewLabelGatherer("zone")
		if err := labeled.Register("x", reg); err != nil {
			t.Fatal(err)
		}
		gatherers = append(gatherers, labeled)
	}
	gatherers = append(gatherers, target, remote.NewGroup(remote.GroupOpts{Targets: []remote.GroupTarget{{URL: server.URL}}}))
	check := func(text string) {
		value := ""
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") || strings.Contains(line, "_sum") || strings.HasPrefix(line, "remote_") {
				continue
			}
			_, rest, ok := strings.Cut(line, `v="`)
			label, rest, _ := strings.Cut(rest, `"`)
			_, v, _ := strings.Cut(rest, "} ")
			if value == "" {
				value = v
			}
			if !ok || v != value || label != v {
				t.Errorf("a line of another response, in one with %s: %q", value, line)
				return
			}
		}
	}
	var running sync.WaitGroup
	for _, g := range gatherers {
		h := metric.HandlerForContext(g, metric.HandlerOpts{ErrorLog: nil, ErrorHandling: metric.ContinueOnError})
		coalesced := metric.HandlerForContext(g, metric.HandlerOpts{CoalesceGather: true, ErrorHandling: metric.ContinueOnError})
		for i := range 4 {
			running.Go(func() {
				for j := range 30 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+(i*7+j*3)%40)*time.Millisecond)
					rec := httptest.NewRecorder()
					r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
					switch i {
					case 0:
						h.ServeHTTP(rec, r)
					case 1:
						coalesced.ServeHTTP(rec, r)
					case 2:
						mfs, _ := g.GatherWithContext(ctx)
						for _, mf := range mfs {
							_, _ = expfmt.MetricFamilyToText(rec, mf)
						}
					default:
						r.Header.Set("Accept", "application/openmetrics-text")
						h.ServeHTTP(rec, r)
					}
					cancel()
					if rec.Code == http.StatusOK {
						check(rec.Body.String())
					}
				}
			})
		}
	}
	running.Wait()
}
