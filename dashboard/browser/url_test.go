//go:build e2e

package browser

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func escape(text string) string { return url.QueryEscape(text) }

// TestURL opens the views by clicks. The URL must describe the view: reloading it shows the same, and the
// browser's buttons lead back and forth.
func TestURL(t *testing.T) {
	s := commonSite(t)
	bothWidths(t, func(t *testing.T, tb *tab) {
		tb.openLive(s.url, "panicking")
		for _, view := range []struct{ title, id, shows string }{
			{"Metrics", "metrics", "shop_http_requests_total"},
			{"Cardinality", "cardinality", "shop_visits_total"},
			{"History", "history", "panicking"},
			{"Collectors", "collectors", "panicking"},
		} {
			tb.click("link", "^"+view.title+"$")
			tb.waitText(view.shows)
			if got := tb.query().Get("view"); got != view.id {
				t.Errorf("after a click on %s, the URL has the view %q", view.title, got)
			}
		}
		must(tb, chromedp.NavigateBack())
		tb.wait("view of before", `new URLSearchParams(location.search).get('view') === 'history'`)
		tb.wait("view of before", `document.querySelector('[aria-current=page]')?.textContent === 'History'`)
		tb.reload()
		tb.wait("same view", `document.querySelector('[aria-current=page]')?.textContent === 'History'`)
		tb.waitLive()
	})
}

// TestURLOfSearch types a search and opens a family, and checks that the URL contains both.
func TestURLOfSearch(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url+"?view=metrics", "shop_http_requests_total")
	tb.typeInto("searchbox", "", "queue")
	tb.wait("search in the URL", `new URLSearchParams(location.search).get('q') === 'queue'`)
	tb.wait("only matches", `!shownText().includes('shop_http_requests_total')`)
	tb.click("link", "shop_queue_bytes")
	tb.wait("family in the URL", `new URLSearchParams(location.search).get('family') === 'shop_queue_bytes'`)
	tb.waitText("invoices")
	before := tb.query().Encode()
	tb.reload()
	tb.waitText("invoices")
	if after := tb.query().Encode(); after != before {
		t.Errorf("loading %s again has led to %s", before, after)
	}
	if value := tb.element("searchbox", "").value; !strings.Contains(value, "queue") {
		t.Errorf("the search has %q, want queue", value)
	}
}

// query returns the parameters of the URL.
func (tb *tab) query() url.Values {
	tb.t.Helper()
	values, err := url.ParseQuery(strings.TrimPrefix(eval[string](tb, "location.search"), "?"))
	tb.must(err, "parsing the URL")
	return values
}

// must runs an action.
func must(tb *tab, action chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	tb.must(chromedp.Do(tb.ctx, action), "running")
}
