//go:build e2e

package browser

import (
	"testing"

	"github.com/luxfi/metric/dashboard/browser/chromium"
)

// views are the IDs of the views, and a text that each shows when it has data.
var views = []struct{ id, query, shows string }{
	{"collectors", "?view=collectors", "panicking"},
	{"metrics", "?view=metrics", "shop_http_requests_total"},
	{"search", "?view=metrics&q=duration", "shop_request_duration_seconds"},
	{"counter", "?view=metrics&family=shop_http_requests_total", "/orders"},
	{"histogram", "?view=metrics&family=shop_request_duration_seconds", "POST"},
	{"native", "?view=metrics&family=shop_query_duration_seconds", "p99"},
	{"summary", "?view=metrics&family=shop_render_duration_seconds", "p99"},
	{"states", "?view=metrics&family=shop_mode", "open"},
	{"nothing", "?view=metrics&q=no-such-thing-anywhere", "Nothing matches"},
	{"cardinality", "?view=cardinality", "shop_visits_total"},
	{"history", "?view=history", "panicking"},
}

// eachLook runs a test in the light and the dark theme, on a phone and on a wide screen.
func eachLook(t *testing.T, test func(t *testing.T, tb *tab)) {
	t.Helper()
	inLooks(t, chromium.Looks, test)
}

// bothWidths runs a test that is not about colors on a phone and on a wide screen. One of them uses the dark
// theme.
func bothWidths(t *testing.T, test func(t *testing.T, tb *tab)) {
	t.Helper()
	dark := desktop
	dark.Dark = true
	inLooks(t, []chromium.Look{phone, dark}, test)
}

func inLooks(t *testing.T, looks []chromium.Look, test func(t *testing.T, tb *tab)) {
	t.Helper()
	for _, look := range looks {
		t.Run(look.Name(), func(t *testing.T) {
			t.Parallel()
			test(t, newTab(t, look))
		})
	}
}

// openLive opens a page of a site and waits until it shows a text and is live.
func (tb *tab) openLive(url, shows string) {
	tb.t.Helper()
	tb.open(url)
	tb.waitText(shows)
	tb.waitLive()
}

// waitLive waits until events arrive.
func (tb *tab) waitLive() {
	tb.t.Helper()
	tb.wait("stream", `document.querySelector('.live-live')`)
}

// TestLooks opens each view in each look. The view must fit into the window, have enough contrast, and follow
// the rules of axe.
func TestLooks(t *testing.T) {
	s := commonSite(t)
	eachLook(t, func(_ *testing.T, tb *tab) {
		for _, v := range views {
			tb.openLive(s.url+v.query, v.shows)
			tb.checkWidth()
			tb.checkAxe(v.id)
			tb.checkWords(v.id)
		}
	})
}

// checkWords reports an error if the page shows values in a form that is not for readers.
func (tb *tab) checkWords(where string) {
	tb.t.Helper()
	for _, expr := range []string{
		`\bundefined\b`, `\bnull\b`, `\[object `, // mistakes of scripts
		`\d\.\d{5,}`,      // too many digits
		`\d{8,}`,          // raw bytes, or times in milliseconds
		`\d+(\.\d+)?e-\d`, // exponents
		`Infinity`,
	} {
		found := eval[[]string](tb, `(() => {
			const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			while (walker.nextNode()) {
				const node = walker.currentNode, el = node.parentElement;
				if (el.closest('script,style,code,pre,[data-raw]') || !el.checkVisibility()) continue;
				if (/`+expr+`/.test(node.data)) found.push(node.data.slice(0, 200));
			}
			return found.slice(0, 5);
		})()`)
		if len(found) > 0 {
			tb.t.Errorf("%s: the page shows %s: %q", where, expr, found)
		}
	}
}
