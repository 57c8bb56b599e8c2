// Package chromium finds and starts the browser that the tests and the screenshots of the dashboard use.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Find returns the path of the browser: the value of the environment variable CHROMIUM or, if it is not
// set, the first of the browsers that Debian, Ubuntu and Google install.
func Find() (string, error) {
	if name := os.Getenv("CHROMIUM"); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("the environment variable CHROMIUM does not name a program: %w", err)
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Chromium: install it (on Debian: apt-get install chromium), " +
		"or set the environment variable CHROMIUM to the path of one")
}

// Start starts the browser at path without a window. The browser ends with ctx, or when stop is called.
// Each context that New derives from the result is a tab.
func Start(ctx context.Context, path string) (browser context.Context, stop func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("disable-dev-shm-usage", true), // containers have little shared memory
		chromedp.Flag("hide-scrollbars", true),       // those of phones take no space
		chromedp.Flag("enable-precise-memory-info", true),
		chromedp.Flag("font-render-hinting", "none"),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to run its sandbox as root.
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	browser, cancelBrowser := chromedp.NewContext(allocator)
	stop = func() {
		cancelBrowser()
		cancelAllocator()
	}
	if err := chromedp.Do(browser); err != nil {
		stop()
		return nil, nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return browser, stop, nil
}

// Look is the size of a window and the theme of the system.
type Look struct {
	Width, Height int64
	Dark          bool
	ReducedMotion bool
	Scale         float64 // device pixels for each pixel of the page; 0 means 1
}

// Name returns a short name, such as "dark-390".
func (l Look) Name() string {
	theme := "light"
	if l.Dark {
		theme = "dark"
	}
	return fmt.Sprintf("%s-%d", theme, l.Width)
}

// Looks are the looks in which a page must be usable: light and dark, on a phone and on a wide screen.
var Looks = []Look{
	{Width: 390, Height: 844},
	{Width: 390, Height: 844, Dark: true},
	{Width: 1440, Height: 900},
	{Width: 1440, Height: 900, Dark: true},
}

// Emulate makes the tab of ctx look like l.
func Emulate(ctx context.Context, l Look) error {
	scheme, motion := "light", "no-preference"
	if l.Dark {
		scheme = "dark"
	}
	if l.ReducedMotion {
		motion = "reduce"
	}
	phone := l.Width < 600
	_, sized := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: l.Width, Height: l.Height, DeviceScaleFactor: max(l.Scale, 1), Mobile: phone,
	})
	_, touched := chromedp.Call(ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: phone})
	_, themed := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: motion},
		},
	})
	return errors.Join(sized, touched, themed)
}
