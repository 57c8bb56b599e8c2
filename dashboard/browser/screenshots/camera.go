package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/luxfi/metric/dashboard/browser/chromium"
)

const (
	maxBytes = 250 << 10       // size limit of a picture in the documentation
	settling = 3 * time.Second // how long a view gets to load and to draw
	maxWait  = time.Minute     // how long a view may take to show the element that a shot waits for
	tallest  = 6000            // height limit of a picture of a whole page, in pixels
)

// shot is a view to take a picture of.
type shot struct {
	name  string
	query string // of the URL
	shows string // selector of an element to wait for, or empty
}

// documented are the pictures for the documentation.
var documented = []shot{
	{name: "collectors", query: "?view=collectors", shows: "#totals .badge-bad"}, // a problem
	{name: "metrics", query: "?view=metrics&q=duration&family=shop_http_request_duration_seconds"},
}

// views are all views of the dashboard.
var views = []shot{
	{name: "collectors", query: "?view=collectors"},
	{name: "metrics", query: "?view=metrics"},
	{name: "metrics-search", query: "?view=metrics&q=shop"},
	{name: "metrics-counter", query: "?view=metrics&family=shop_http_requests_total"},
	{name: "metrics-histogram", query: "?view=metrics&family=shop_http_request_duration_seconds"},
	{name: "metrics-classic", query: "?view=metrics&family=shop_request_duration_seconds"},
	{name: "metrics-native", query: "?view=metrics&family=shop_query_duration_seconds"},
	{name: "metrics-summary", query: "?view=metrics&family=shop_render_duration_seconds"},
	{name: "metrics-states", query: "?view=metrics&family=shop_mode"},
	{name: "metrics-evil", query: "?view=metrics&family=evil_texts"},
	{name: "metrics-none", query: "?view=metrics&q=no+such+thing"},
	{name: "cardinality", query: "?view=cardinality"},
	{name: "history", query: "?view=history"},
}

// camera takes pictures of a dashboard.
type camera struct {
	browser context.Context
	url     string
}

// wait keeps a page open for a while, so that there is something to show.
func (c *camera) wait(d time.Duration) error {
	tab, stop := chromedp.NewContext(c.browser)
	defer stop()
	if err := chromedp.Do(tab, chromedp.Navigate(c.url)); err != nil {
		return fmt.Errorf("opening %s: %w", c.url, err)
	}
	select {
	case <-c.browser.Done():
		return c.browser.Err()
	case <-time.After(d):
		return nil
	}
}

// takeDocs takes the pictures for the documentation, each in light and dark.
func (c *camera) takeDocs(folder string) error {
	for _, s := range documented {
		for _, look := range []chromium.Look{{Width: 1440, Height: 900}, {Width: 1440, Height: 900, Dark: true}} {
			name := "dashboard-" + s.name
			if look.Dark {
				name += "-dark"
			}
			file := filepath.Join(folder, name+".png")
			png, err := c.take(s, look, false)
			if err == nil && len(png) > maxBytes {
				err = fmt.Errorf("the picture has %d bytes, more than %d", len(png), maxBytes)
			}
			if err == nil {
				err = os.WriteFile(file, png, 0o644)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			fmt.Println(file)
		}
	}
	return nil
}

// takeAll takes pictures of whole pages.
func (c *camera) takeAll(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, s := range views {
		for _, look := range chromium.Looks {
			file := filepath.Join(folder, s.name+"-"+look.Name()+".png")
			png, err := c.take(s, look, true)
			if err == nil {
				err = os.WriteFile(file, png, 0o644)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			fmt.Println(file)
		}
	}
	return nil
}

// take takes a picture of the visible part of a view, or of the whole page.
func (c *camera) take(s shot, look chromium.Look, whole bool) ([]byte, error) {
	tab, stop := chromedp.NewContext(c.browser, chromedp.WithNewBrowserContext())
	defer stop()
	if err := chromium.Emulate(tab, look); err != nil {
		return nil, err
	}
	if err := chromedp.Do(tab, chromedp.Navigate(c.url+s.query), chromedp.Sleep(settling)); err != nil {
		return nil, err
	}
	if s.shows != "" {
		waiting, stop := context.WithTimeout(tab, maxWait)
		defer stop()
		if err := chromedp.Do(waiting, chromedp.WaitVisible(s.shows)); err != nil {
			return nil, fmt.Errorf("waiting for %s: %w", s.shows, err)
		}
	}
	if !whole {
		return chromedp.Run(tab, chromedp.CaptureScreenshot())
	}
	height, err := chromedp.Run(tab, chromedp.Evaluate[int64]("document.documentElement.scrollHeight"))
	if err != nil {
		return nil, err
	}
	look.Height = max(look.Height, min(height, tallest))
	if err := chromium.Emulate(tab, look); err != nil {
		return nil, err
	}
	if err := chromedp.Do(tab, chromedp.Sleep(settling/3)); err != nil {
		return nil, err
	}
	return chromedp.Run(tab, chromedp.CaptureScreenshot())
}
