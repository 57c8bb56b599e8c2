//go:build e2e

package browser

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"

	"github.com/luxfi/metric/dashboard/browser/chromium"
	"github.com/luxfi/metric/dashboard/browser/fixture"
	"github.com/luxfi/metric/dashboard/internal/api"
)

const (
	largeSeries = 50_000
	mib         = 1 << 20
)

// TestLarge opens all views of a program with very many series and checks that the tab stays small. It only
// logs the duration of searches and the processor time of the sampler, because they depend on the machine.
func TestLarge(t *testing.T) {
	// In a separate browser with one tab, the process of the tab can be identified.
	needBrowser(t)
	path, err := chromium.Find()
	if err != nil {
		t.Fatal(err)
	}
	browser, stop, err := chromium.Start(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	opts := brisk()
	opts.Interval = 2 * time.Second
	s := newSite(t, opts, fixture.Large(largeSeries), fixture.Instruments)
	tb := newTabOf(browser, t, desktop)
	for _, v := range []struct{ query, shows string }{
		{"?view=collectors", "Instruments"},
		{"?view=metrics", "large_000_operations_total"},
		{"?view=metrics&family=large_017_operations_total&by=*", "tenant-000"},
		{"?view=metrics&family=shop_request_duration_seconds", "POST"},
		{"?view=cardinality", "large_000_operations_total"},
		{"?view=history", "sample"},
	} {
		tb.openLive(s.url+v.query, v.shows)
		tb.openDetails()
		tb.waitTicks(2)
		tb.logSize(v.query)
	}
	tb.openLive(s.url+"?view=metrics", "large_000_operations_total")
	tb.waitTicks(5)
	heap, total := tb.logSize("at the end")
	if heap > 100*mib || total > 100*mib {
		t.Errorf("the tab takes %d MiB of heap and %d MiB in all, want less than 100 MiB", heap/mib, total/mib)
	}
	tb.logSearches()
	s.logSampling()
}

// logSize logs and returns the size of the JavaScript heap and the private memory of the tab's process, or 0
// for memory that is not known.
func (tb *tab) logSize(where string) (heap, total int64) {
	tb.t.Helper()
	usage, err := chromedp.Call(tb.ctx, cdpruntime.GetHeapUsage, cdp.Empty{})
	tb.must(err, "measuring the heap")
	heap = int64(usage.TotalSize + usage.BackingStorageSize)
	processes, err := chromedp.CallBrowser(tb.ctx, systeminfo.GetProcessInfo, cdp.Empty{})
	tb.must(err, "listing processes")
	for _, process := range processes.ProcessInfo {
		if process.Type == "renderer" {
			total = max(total, privateBytes(process.ID))
		}
	}
	nodes := eval[int](tb, "document.querySelectorAll('*').length")
	tb.t.Logf("%s: %d elements, heap %.1f MiB used and %.1f MiB allocated, process %d MiB",
		where, nodes, usage.UsedSize/mib, float64(heap)/mib, total/mib)
	return heap, total
}

// privateBytes returns the memory that a process does not share with other processes or files.
func privateBytes(pid int64) (sum int64) {
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for _, found := range regexp.MustCompile(`(?m)^(?:RssAnon|VmSwap):\s+(\d+) kB$`).FindAllSubmatch(status, -1) {
		if kib, err := strconv.ParseInt(string(found[1]), 10, 64); err == nil {
			sum += kib << 10
		}
	}
	return sum
}

// logSearches logs how long the answers to searches take, and how long it takes until the page shows one.
func (tb *tab) logSearches() {
	tb.t.Helper()
	for _, words := range []string{"large_007", "tenant-042", "operation=operation-3", "operations of part", "no-such-thing"} {
		took := eval[[]float64](tb, fmt.Sprintf(`(async () => {
			const took = [];
			for (let i = 0; i < 5; i++) {
				const began = performance.now();
				await fetch('api/metrics?limit=100&q=' + encodeURIComponent(%q)).then((r) => r.json());
				took.push(performance.now() - began);
			}
			return took;
		})()`, words))
		slices.Sort(took)
		shown := eval[float64](tb, fmt.Sprintf(`(async () => {
			const input = document.querySelector('main input[type=search]'), counts = document.querySelector('.counts');
			const before = counts.textContent, began = performance.now();
			input.value = %q;
			input.dispatchEvent(new Event('input'));
			while (counts.textContent === before && performance.now() - began < 10000) await new Promise((done) => setTimeout(done, 4));
			return performance.now() - began;
		})()`, words))
		tb.t.Logf("search for %q: answer after %.0f ms (median of 5), shown %.0f ms after the key", words, took[2], shown)
	}
}

// logSampling logs the cost of the samples.
func (s *site) logSampling() {
	s.t.Helper()
	h := ask[api.History](s, "history")
	if len(h.Sampling) < 3 {
		s.t.Errorf("there are %d samples", len(h.Sampling))
		return
	}
	var busy, took float64
	for _, sample := range h.Sampling[1:] { // the first one costs more, because all series are new
		busy, took = busy+sample.BusyMs, took+sample.TookMs
	}
	first, last := h.Sampling[0], h.Sampling[len(h.Sampling)-1]
	s.t.Logf("%d samples of %d series in %d bytes: on average gathered in %.1f ms and stored in %.1f ms, which is %.2f %% of a core",
		h.Samples, h.Series, h.Bytes, took/float64(len(h.Sampling)-1), busy/float64(len(h.Sampling)-1), 100*took/float64(last.T-first.T))
}
