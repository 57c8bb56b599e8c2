//go:build e2e

package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/luxfi/metric/dashboard/browser/chromium"
	"github.com/luxfi/metric/dashboard/browser/fixture"
)

// TestKeyboard uses the page without a mouse.
func TestKeyboard(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url, "panicking")

	tb.keys(kb.Tab)
	if e := tb.focused(); e.role != "link" || !strings.Contains(e.name, "Skip to content") {
		t.Errorf("the first tab stop is %v, want the link that skips to the content", e)
	}
	tb.keys("\r")
	tb.wait("main focused", `document.activeElement.id === 'main' || document.activeElement.closest('main')`)

	tb.keys("gm")
	tb.wait("metrics", `new URLSearchParams(location.search).get('view') === 'metrics'`)
	tb.waitText("shop_http_requests_total")
	tb.keys("/")
	if e := tb.focused(); e.role != "searchbox" {
		t.Errorf("/ has focused %v, want the search", e)
	}
	tb.keys("queue_bytes")
	tb.wait("only matches", `!shownText(document.querySelector('.family-list')).includes('shop_in_flight')`)
	tb.keys(kb.ArrowDown)
	tb.wait("first family focused", `document.activeElement.textContent.includes('shop_queue_bytes')`)
	tb.keys("\r")
	tb.waitText("invoices")
	tb.keys("?")
	tb.waitText("Keyboard shortcuts")
	tb.checkAxe("help")
	tb.keys(kb.Escape)
	tb.wait("no help", `!document.querySelector('dialog[open]')`)
}

// TestTabStops presses Tab through each view. Everything that can be clicked must get the focus, show it and
// release it, in page order.
func TestTabStops(t *testing.T) {
	s := commonSite(t)
	for _, look := range []chromium.Look{desktop, phone} {
		t.Run(look.Name(), func(t *testing.T) {
			t.Parallel()
			tb := newTab(t, look)
			for _, query := range []string{"?view=collectors&q=ground", "?view=metrics&q=queue&family=shop_queue_bytes", "?view=cardinality&q=queue", "?view=history"} {
				tb.openLive(s.url+query, "")
				tb.waitTicks(1)
				tb.walk(query)
			}
		})
	}
}

// walk presses Tab until the focus leaves the page.
func (tb *tab) walk(where string) {
	tb.t.Helper()
	wanted := eval[int](tb, `{
		const all = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
			.filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.disabled);
		window.stops = new Map(all.map((e) => [e, 0]));
		document.body.tabIndex = -1; // so that Tab begins at the top
		document.body.focus();
		document.body.removeAttribute('tabindex');
		all.length;
	}`)
	seen := 0
	for range wanted + 20 {
		tb.keys(kb.Tab)
		stop := eval[struct {
			Body    bool   `json:"body"`
			Known   bool   `json:"known"`
			Again   bool   `json:"again"`
			Visible bool   `json:"visible"`
			HTML    string `json:"html"`
		}](tb, `(() => {
			const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
			const again = window.stops.get(e) > 0;
			if (window.stops.has(e)) window.stops.set(e, 1);
			return {
				body: e === document.body, known: window.stops.has(e), again,
				visible: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none')
					&& box.bottom > 0 && box.top < innerHeight,
				html: e.outerHTML.slice(0, 150),
			};
		})()`)
		if stop.Body || stop.Again {
			break
		}
		if stop.Known {
			seen++
		}
		if !stop.Visible {
			tb.t.Errorf("%s: the focus does not show on %s", where, stop.HTML)
		}
	}
	missed := eval[[]string](tb, `[...window.stops].filter(([e, n]) => n === 0 && e.isConnected && e.checkVisibility({visibilityProperty: true})).map(([e]) => e.outerHTML.slice(0, 150))`)
	if len(missed) > 0 {
		tb.t.Errorf("%s: Tab has reached %d of %d elements, and not %s", where, seen, wanted, strings.Join(missed, "\n"))
	}
}

// TestNames checks each view as a screen reader sees it: it has landmarks and a heading, and everything has a
// name.
func TestNames(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	for _, v := range views {
		tb.openLive(s.url+v.query, v.shows)
		all, err := tb.elements()
		tb.must(err, "reading the elements")
		for _, role := range []string{"banner", "main", "navigation", "heading", "status"} {
			if !slices.ContainsFunc(all, func(e *element) bool { return e.role == role }) {
				t.Errorf("%s: there is no %s", v.id, role)
			}
		}
		for _, e := range all {
			switch e.role {
			case "button", "link", "searchbox", "textbox", "combobox", "checkbox", "image", "img", "region", "navigation", "dialog":
				if strings.TrimSpace(e.name) == "" {
					t.Errorf("%s: there is a %s without a name: %s", v.id, e.role, tb.html(e))
				}
			}
		}
		if title := eval[string](tb, "document.title"); !strings.Contains(title, "shop") {
			t.Errorf("%s: the title of the document is %q", v.id, title)
		}
		if current := eval[[]string](tb, `[...document.querySelectorAll('nav [aria-current=page]')].map((e) => e.textContent)`); len(current) != 1 {
			t.Errorf("%s: the current views are %q, want one", v.id, current)
		}
	}
}

// TestQuiet checks that a screen reader announces nothing while only samples arrive.
func TestQuiet(t *testing.T) {
	s := newSite(t, brisk(), fixture.Fine)
	tb := newTab(t, desktop)
	tb.openLive(s.url, "No problems")
	tb.waitTicks(1)
	eval[chromedp.Void](tb, `{
		window.announced = [];
		const regions = document.querySelectorAll('[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log], output');
		for (const region of regions) {
			new MutationObserver(() => window.announced.push(region.textContent)).observe(region, {childList: true, characterData: true, subtree: true});
		}
	}`)
	tb.waitTicks(4)
	if announced := eval[[]string](tb, "window.announced"); len(announced) > 0 {
		t.Errorf("the page announces %q", announced)
	}
}

// TestReducedMotion checks that nothing is animated for readers who prefer reduced motion.
func TestReducedMotion(t *testing.T) {
	s := commonSite(t)
	look := desktop
	look.ReducedMotion = true
	tb := newTab(t, look)
	for _, v := range views {
		tb.openLive(s.url+v.query, v.shows)
		tb.waitTicks(1)
		if moving := eval[[]string](tb, `document.getAnimations().filter((a) => a.playState === 'running' && a.effect.getComputedTiming().duration > 10)
			.map((a) => a.effect.target.outerHTML.slice(0, 150))`); len(moving) > 0 {
			t.Errorf("%s: there move %q", v.id, moving)
		}
	}
}

// TestTheme switches the theme of the page and checks that the choice persists.
func TestTheme(t *testing.T) {
	s := commonSite(t)
	eachLook(t, func(t *testing.T, tb *tab) {
		background := func() string {
			return eval[string](tb, `getComputedStyle(document.body).backgroundColor`)
		}
		tb.openLive(s.url, "panicking")
		system := background()
		other := "dark"
		if tb.look.Dark {
			other = "light"
		}
		for range 3 {
			if len(eval[[]string](tb, fmt.Sprintf(`[...document.querySelectorAll('button[aria-label="Theme: %s"]')].map((e) => e.title)`, other))) > 0 {
				break
			}
			tb.click("button", "^Theme: ")
		}
		if background() == system {
			t.Errorf("the theme %s has the background of the system's, %s", other, system)
		}
		chosen := background()
		tb.checkAxe("theme " + other)
		tb.reload()
		tb.waitText("panicking")
		if got := background(); got != chosen {
			t.Errorf("loaded again, the page has the background %s, want %s", got, chosen)
		}
	})
}

// TestTouchTargets checks that buttons and links are large enough for fingers.
func TestTouchTargets(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, phone)
	for _, v := range views {
		tb.openLive(s.url+v.query, v.shows)
		small := eval[[]string](tb, `[...document.querySelectorAll('header a, header button, main button, main summary, main input, main select')]
			.filter((e) => e.checkVisibility({visibilityProperty: true}) && e.getBoundingClientRect().height > 0 && !e.closest('.skip, p, td, th'))
			.filter((e) => e.getBoundingClientRect().height < 39.5 || e.getBoundingClientRect().width < 39.5)
			.slice(0, 5).map((e) => Math.round(e.getBoundingClientRect().width) + '×' + Math.round(e.getBoundingClientRect().height) + ' ' + e.outerHTML.slice(0, 120))`)
		if len(small) > 0 {
			t.Errorf("%s: smaller than 40 pixels: %s", v.id, strings.Join(small, "\n"))
		}
	}
}

// html returns the beginning of the HTML of an element.
func (tb *tab) html(e *element) string {
	return fmt.Sprintf("%v %v", e, e.properties)
}
