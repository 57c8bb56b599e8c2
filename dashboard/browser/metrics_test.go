//go:build e2e

package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/luxfi/metric/dashboard/browser/fixture"
)

// TestSearch checks that a search shows the families whose name, labels or help contain all words.
func TestSearch(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url+"?view=metrics", "shop_http_requests_total")
	for _, test := range []struct{ name, words, want, not string }{
		{"name", "queue_bytes", "shop_queue_bytes", "shop_in_flight"},
		{"part of a name", "n_fligh", "shop_in_flight", "shop_queue_bytes"},
		{"help", "wait to be sent", "shop_queue_bytes", "shop_in_flight"},
		{"label", "customer", "shop_visits_total", "shop_in_flight"},
		{"value of a label", "code=500", "shop_http_requests_total", "shop_queue_bytes"},
		{"two words", "shop seconds native", "", "shop_queue_bytes"},
		{"any case", "QUEUE_bytes", "shop_queue_bytes", "shop_in_flight"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tb.t = t
			defer func() { tb.t = t }()
			tb.typeInto("searchbox", "^Search metrics$", test.words)
			if test.want != "" {
				tb.waitText(test.want)
			}
			tb.wait("no "+test.not, fmt.Sprintf("!shownText().includes(%q)", test.not))
		})
	}
}

// TestFamily opens families of all types and checks that type, unit, help, series and values are shown.
func TestFamily(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	for _, test := range []struct {
		family string
		want   []string
	}{
		{"shop_http_requests_total", []string{"counter", "Requests that were answered.", "4 series", "GET", "500", "/orders", "rate(shop_http_requests_total"}},
		{"shop_in_flight", []string{"gauge", "Requests under way.", "1 series"}},
		{"shop_queue_bytes", []string{"gauge", "bytes", "MiB", "KiB", "invoices"}},
		{"shop_request_duration_seconds", []string{"histogram", "ms", "histogram_quantile("}},
		{"shop_query_duration_seconds", []string{"histogram", "native", "ms"}},
		{"shop_render_duration_seconds", []string{"summary", "ms"}},
		{"shop_mode", []string{"stateset", "starting", "open", "closing"}},
		{"shop_build_info", []string{"info", "1.4.2", "e3b0c442"}},
		{"shop_visits_total", []string{"counter", "customer"}},
		{"sidecar_queued_jobs", []string{"gauge", "instance"}},
	} {
		tb.openLive(s.url+"?view=metrics&family="+test.family, test.family)
		for _, want := range test.want {
			tb.wait(test.family+": "+want, fmt.Sprintf(`shownText().toLowerCase().includes(%q.toLowerCase())`, want))
		}
	}
}

// TestPlotsMove checks that a plot changes when samples arrive.
func TestPlotsMove(t *testing.T) {
	s := commonSite(t)
	bothWidths(t, func(_ *testing.T, tb *tab) {
		for _, family := range []string{"shop_http_requests_total", "shop_queue_bytes", "shop_request_duration_seconds", "shop_query_duration_seconds", "shop_render_duration_seconds", "shop_mode"} {
			tb.openLive(s.url+"?view=metrics&family="+family, family)
			tb.wait("plot of "+family, inkOf)
			before := eval[string](tb, pixels)
			tb.wait("other plot of "+family, pixels+" !== "+fmt.Sprintf("%q", before))
		}
	})
}

const (
	// inkOf reports whether a canvas of the page has more than a few pixels that are not transparent.
	inkOf = `[...document.querySelectorAll('main canvas')].some((c) => c.width > 0 &&
		c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((x, i) => i % 4 === 3 && x > 0).length > 500)`
	// pixels returns checksums of the canvases.
	pixels = `[...document.querySelectorAll('main canvas')].map((c) => c.width === 0 ? '' :
		String(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((sum, x, i) => (sum * 31 + x * (i % 251 + 1)) % 1000003, 7))).join()`
)

// TestGroup checks that a plot can have a line for each value of a label.
func TestGroup(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url+"?view=metrics&family=shop_http_requests_total", "shop_http_requests_total")
	tb.wait("plot", inkOf)
	tb.click("button", "^code")
	tb.wait("group in the URL", `new URLSearchParams(location.search).get('by') === 'code'`)
	tb.wait("two lines", `['200', '500'].every((code) => shownText(document.querySelector('.panel')).includes(code))`)
	before := tb.query().Encode()
	tb.reload()
	tb.wait("two lines", `['200', '500'].every((code) => shownText(document.querySelector('.panel')).includes(code))`)
	if after := tb.query().Encode(); after != before {
		t.Errorf("loading %s again has led to %s", before, after)
	}
	tb.click("button", "^each series")
	tb.wait("four lines", `['GET', 'POST'].every((method) => shownText(document.querySelector('.panel')).includes(method))`)
}

// TestChanges sets a mark with a click and checks the changes since then.
func TestChanges(t *testing.T) {
	s := commonSite(t)
	eachLook(t, func(t *testing.T, tb *tab) {
		tb.openLive(s.url+"?view=metrics", "shop_http_requests_total")
		tb.click("button", "What changed")
		tb.wait("change", `shownText(document.querySelector('main table')).includes('shop_http_requests_total')`)
		tb.waitText("What changed since")
		if text := eval[string](tb, `shownText(document.querySelector('main table'))`); strings.Contains(text, "shop_build_info") {
			t.Errorf("something that is always the same has changed:\n%.1000s", text)
		}
		tb.checkWidth()
		tb.checkAxe("changes")
		before := tb.query().Get("since")
		tb.reload()
		tb.waitText("What changed since")
		if after := tb.query().Get("since"); before == "" || after != before {
			t.Errorf("the URL had the mark %q, and now %q", before, after)
		}
		tb.click("button", "^Stop$")
		tb.wait("end", `!shownText().includes('What changed since')`)
	})
}

// TestCopy checks the button that copies a query.
func TestCopy(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url+"?view=metrics&family=shop_http_requests_total", "rate(shop_http_requests_total")
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(tb.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission:       &browser.PermissionDescriptor{Name: name},
			Setting:          browser.PermissionSettingGranted,
			BrowserContextID: chromedp.FromContext(tb.ctx).BrowserContextID,
		})
		tb.must(err, "granting %s", name)
	}
	want := eval[string](tb, `document.querySelector('.query code').textContent`)
	eval[chromedp.Void](tb, `document.querySelector('.query button').scrollIntoView()`)
	tb.click("button", "^Copy$")
	tb.waitText("Copied")
	if got := eval[string](tb, `navigator.clipboard.readText()`); got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
}

// TestExemplars checks the links from exemplars to traces.
func TestExemplars(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url+"?view=metrics&family=shop_request_duration_seconds", "shop_request_duration_seconds")
	tb.element("link", "trace")
	want := "https://traces.example/" + fixture.TraceID
	if href := eval[string](tb, `document.querySelector('a[href*="traces.example"]').href`); href != want {
		t.Errorf("got %s, want %s", href, want)
	}
	if rel := eval[string](tb, `document.querySelector('a[href*="traces.example"]').rel`); !strings.Contains(rel, "noopener") {
		t.Errorf("the link has rel %q", rel)
	}
}

// TestTable sorts and filters the current values of a family.
func TestTable(t *testing.T) {
	s := commonSite(t)
	bothWidths(t, func(t *testing.T, tb *tab) {
		tb.openLive(s.url+"?view=metrics&family=shop_queue_bytes", "invoices")
		rows := `[...document.querySelectorAll('main table.values tbody tr')].map((tr) => shownText(tr))`
		first := func(want string) {
			tb.wait(want+" first", fmt.Sprintf(`%s[0]?.includes(%q)`, rows, want))
		}
		if tb.look.Width < 600 {
			first("invoices") // cards have no column heads to sort by
			return
		}
		tb.click("button", "^Value")
		first("mail")
		tb.click("button", "^Value")
		first("invoices")
	})
}

// TestKept checks that updates keep the focus, the selection and the scroll position of the page.
func TestKept(t *testing.T) {
	s := commonSite(t)
	bothWidths(t, func(t *testing.T, tb *tab) {
		for _, query := range []string{"?view=collectors", "?view=metrics&family=shop_http_requests_total", "?view=cardinality", "?view=history"} {
			tb.openLive(s.url+query, "")
			tb.waitTicks(1)
			eval[chromedp.Void](tb, `{
				const focusable = [...document.querySelectorAll('main a[href], main button')].filter((e) => e.checkVisibility());
				window.kept = focusable.at(Math.floor(focusable.length / 2));
				window.kept?.focus();
				window.scrollTo(0, Math.min(300, document.documentElement.scrollHeight - innerHeight));
				window.scrolled = window.scrollY;
			}`)
			tb.waitTicks(2)
			if got := eval[string](tb, `!window.kept ? '' : !window.kept.isConnected ? 'removed' : document.activeElement !== window.kept ? 'lost the focus' : ''`); got != "" {
				t.Errorf("%s: an update has removed the element with the focus: %s: %.200s", query, got, eval[string](tb, `window.kept.outerHTML`))
			}
			if moved := eval[float64](tb, `Math.abs(window.scrollY - window.scrolled)`); moved > 1 {
				t.Errorf("%s: an update has scrolled the page by %v pixels", query, moved)
			}
		}
	})
}
