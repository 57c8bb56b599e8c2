//go:build e2e

package browser

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestLostConnection stops a program while its page is open, and starts it again. The page must report the
// loss, keep its content, and recover without a reload.
func TestLostConnection(t *testing.T) {
	bothWidths(t, func(t *testing.T, tb *tab) {
		s := newSite(t, brisk(), everything...)
		tb.openLive(s.url+"?view=collectors", "panicking")
		eval[chromedp.Void](tb, "window.marker = 1")
		tb.faults.expect("net::ERR_") // the browser logs failed requests
		s.stop()
		tb.waitText("Connection lost")
		tb.waitText("panicking")
		tb.checkWidth()
		tb.checkAxe("without a connection")
		s.start(brisk(), everything...)
		tb.waitLive()
		tb.wait("no notice", "!shownText().includes('Connection lost')")
		if !eval[bool](tb, "window.marker === 1") {
			t.Error("the page was loaded again")
		}
	})
}

// TestRetry checks the button that reconnects at once.
func TestRetry(t *testing.T) {
	tb := newTab(t, desktop)
	s := newSite(t, brisk(), everything...)
	tb.openLive(s.url, "panicking")
	tb.faults.expect("net::ERR_")
	s.stop()
	tb.wait("long pause", `/trying again in ([6-9]|1[0-9]) s/.test(shownText())`)
	s.start(brisk(), everything...)
	tb.click("button", "^Try now$")
	tb.waitLive()
}

// TestPause pauses and resumes the updates of a page.
func TestPause(t *testing.T) {
	tb := newTab(t, phone)
	s := commonSite(t)
	tb.openLive(s.url, "panicking")
	tb.click("button", "^Pause updates$")
	tb.waitText("Paused")
	tb.checkWidth()
	tb.click("button", "^Resume updates$")
	tb.waitLive()
}

// TestProxies opens the page below a path prefix, and behind a proxy that removes a prefix.
func TestProxies(t *testing.T) {
	s := commonSite(t)
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/team/shop/debug")
	}}
	mux := http.NewServeMux()
	mux.Handle("/debug/dashboard/", s.board)
	mux.Handle("/stripped/", http.StripPrefix("/stripped", s.board))
	mux.Handle("/team/shop/debug/", proxy)
	outer := &site{t: t, addr: "127.0.0.1:0"}
	outer.serve(mux)
	t.Cleanup(func() { outer.server.Close() })
	for _, path := range []string{"debug/dashboard/", "stripped/", "team/shop/debug/", "debug/dashboard"} {
		t.Run(path, func(t *testing.T) {
			tb := newTab(t, desktop)
			tb.openLive(outer.url+path+"?view=collectors", "panicking")
			tb.click("link", "^Metrics$")
			tb.waitText("shop_http_requests_total")
			tb.waitLive()
			for _, request := range eval[[]string](tb, `performance.getEntriesByType('resource').map((e) => e.name)`) {
				if !strings.HasPrefix(request, outer.url+strings.TrimSuffix(path, "/")+"/") && !strings.HasPrefix(request, "data:") {
					t.Errorf("the page requests %s, which is outside of its path", request)
				}
			}
		})
	}
}
