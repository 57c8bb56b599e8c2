// Screenshots takes pictures of the dashboard: those for the documentation, and, for people who work on the
// dashboard, pictures of all views in all sizes and themes.
//
// It starts the quickstart example, or a program with everything that the dashboard can show (-fixture),
// and opens its dashboard in Chromium. Run it in the folder of its module.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/luxfi/metric/dashboard/browser/chromium"
)

// options are the values of the flags.
type options struct {
	docs     string        // folder for the pictures of the documentation; empty means none
	all      string        // folder for pictures of all views; empty means none
	examples string        // folder of the examples' module
	fixture  bool          // whether to show the fixture instead of the shop
	wait     time.Duration // how long samples are taken before the pictures
}

func main() {
	var o options
	flag.StringVar(&o.docs, "docs", "", "`folder` for the pictures of the documentation")
	flag.StringVar(&o.all, "all", "", "`folder` for pictures of all views, in all sizes and themes")
	flag.StringVar(&o.examples, "examples", "../../examples", "`folder` of the examples")
	flag.BoolVar(&o.fixture, "fixture", false, "show a program in which everything happens at once, and not the quickstart")
	flag.DurationVar(&o.wait, "wait", 90*time.Second, "how long samples are taken before the pictures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "screenshots: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.docs == "" && o.all == "" {
		return errors.New("there is nothing to do: set a folder for pictures with -docs or -all")
	}
	path, err := chromium.Find()
	if err != nil {
		return err
	}
	start := startShop
	if o.fixture {
		start = startFixture
	}
	url, stopProgram, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProgram()) }()
	browser, stopBrowser, err := chromium.Start(ctx, path)
	if err != nil {
		return err
	}
	defer stopBrowser()

	c := camera{browser: browser, url: url}
	if err := c.wait(o.wait); err != nil {
		return err
	}
	if o.docs != "" {
		err = c.takeDocs(o.docs)
	}
	if o.all != "" && err == nil {
		err = c.takeAll(o.all)
	}
	return err
}
