//go:build e2e

package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/luxfi/metric/dashboard/browser/chromium"
)

// axePath is the file of axe-core that make browser installs.
const axePath = "../../.cache/axe-core-4.14.1/axe.min.js"

// shared is the browser of all tests. It starts when the first test needs it. pictures is the folder for
// screenshots of failed tests.
var shared struct {
	once     sync.Once
	browser  context.Context
	stop     func()
	err      error
	pictures string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if common.site != nil {
		if err := common.site.close(); err != nil {
			fmt.Fprintf(os.Stderr, "stopping the common site: %v\n", err)
			code = 1
		}
	}
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// needBrowser returns the browser. It skips the test if none is installed.
func needBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := chromium.Find()
	if err != nil {
		miss(t, err.Error())
	}
	shared.once.Do(func() {
		shared.browser, shared.stop, shared.err = chromium.Start(context.Background(), path)
		if shared.err == nil {
			shared.pictures, shared.err = os.MkdirTemp("", "dashboard-browser") //nolint:usetesting // The pictures outlive the test.
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.browser
}

// readAxe returns the source of axe-core.
var readAxe = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.FromSlash(axePath))
	return string(source), err
})

// needAxe returns the source of axe-core. It skips the test if the file is missing.
func needAxe(t *testing.T) string {
	t.Helper()
	source, err := readAxe()
	if err != nil {
		miss(t, err.Error()+": make browser installs axe-core with npm")
	}
	return source
}

// miss skips the test because something is not installed. If the environment variable E2E_ALL is set, it
// fails the test instead.
func miss(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("E2E_ALL") != "" {
		t.Fatal("E2E_ALL is set, but " + what)
	}
	t.Skip(what)
}
