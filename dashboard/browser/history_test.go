//go:build e2e

package browser

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard/browser/fixture"
	"github.com/luxfi/metric/dashboard/internal/api"
)

// TestPast opens a page of a program that records its history. The plot must begin in the past.
func TestPast(t *testing.T) {
	s := commonSite(t)
	for deadline := time.Now().Add(maxWait); ; time.Sleep(100 * time.Millisecond) {
		if h := ask[api.History](s, "history"); h.Samples >= 10 && h.Always {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("nothing is sampled: %+v", h)
		}
	}
	tb := newTab(t, desktop)
	tb.addScript(`
		window.firstPlot = null;
		const original = EventSource.prototype.addEventListener;
		EventSource.prototype.addEventListener = function (name, handler, ...rest) {
			return original.call(this, name, (event) => {
				if (name === 'plot' && !window.firstPlot) window.firstPlot = JSON.parse(event.data);
				return handler(event);
			}, ...rest);
		};`)
	tb.openLive(s.url+"?view=metrics&family=shop_http_requests_total", "shop_http_requests_total")
	tb.wait("first plot", "window.firstPlot")
	if n := eval[int](tb, "window.firstPlot.t.length"); n < 5 {
		t.Errorf("the first plot has %d times, want those before the page was opened", n)
	}
}

// TestHistoryView checks the view's texts about sampling and events.
func TestHistoryView(t *testing.T) {
	s := commonSite(t)
	eachLook(t, func(_ *testing.T, tb *tab) {
		tb.openLive(s.url+"?view=history", "panicking")
		for _, want := range []string{"15 min", "MiB", "sample"} {
			tb.waitText(want)
		}
		tb.checkWidth()
	})
}

// TestNothingWithoutViewers counts the gatherings while no page, one page and two pages are open.
func TestNothingWithoutViewers(t *testing.T) {
	needBrowser(t)
	var gathered atomic.Int64
	opts := brisk()
	opts.Interval = time.Second
	s := newSite(t, opts, fixture.Instruments, func(p *fixture.Program) {
		p.Registry.MustRegister(metric.NewGaugeFunc(metric.GaugeOpts{Name: "gathered", Help: "Gatherings."}, func() float64 {
			return float64(gathered.Add(1))
		}))
	})
	rate := func() float64 {
		const window = 6 * time.Second
		before := gathered.Load()
		time.Sleep(window)
		return float64(gathered.Load()-before) / window.Seconds()
	}
	time.Sleep(2 * time.Second)
	if n := gathered.Load(); n > 0 {
		t.Errorf("gathered %d times before the page was opened", n)
	}
	first, second := newTab(t, desktop), newTab(t, phone)
	first.openLive(s.url+"?view=collectors", "")
	one := rate()
	second.openLive(s.url+"?view=metrics&family=shop_http_requests_total", "shop_http_requests_total")
	two := rate()
	t.Logf("gatherings per second: %.2f with one page, %.2f with two", one, two)
	if one == 0 || two == 0 {
		t.Error("nothing is sampled while a page is open")
	}
	if two > 1.4 {
		t.Errorf("with two pages, there are %.2f gatherings per second, want one", two)
	}
	if viewers := ask[api.History](s, "history").Viewers; viewers != 2 {
		t.Errorf("there are %d viewers, want 2", viewers)
	}
	first.open("about:blank")
	second.open("about:blank")
	for deadline := time.Now().Add(maxWait); ask[api.History](s, "history").Viewers > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the viewers have not left")
		}
	}
}
