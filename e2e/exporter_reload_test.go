//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// generationQuery is a query to append to exporter_sql.yml. Its value identifies the configuration.
const generationQuery = `
  generation:
    sql: SELECT %d AS n
    metrics:
      - {name: shop_generation, type: gauge, help: Number of the configuration., value: n}
`

// shopGeneration returns the configuration of a generation. Generations differ in a query, and some of
// them also in the connections.
func shopGeneration(t *testing.T, generation int) string {
	t.Helper()
	connections := fmt.Sprintf("max_connections: %d", 2+generation/3%2)
	text := strings.Replace(readTestdata(t, "exporter_sql.yml"), "max_connections: 2", connections, 1)
	return text + fmt.Sprintf(generationQuery, generation)
}

// Messages about invalid configurations.
const (
	invalidDriver = `databases.shop.driver: "oracle" is unknown; allowed are: mysql, postgres, sqlite`
	invalidLine   = 3
)

// testReload changes the configuration of sqlexporter again and again, by signals and by requests, while
// clients scrape it. Every scrape must have everything that all configurations have in common. Invalid
// configurations must change nothing.
func testReload(t *testing.T, pg *postgres) {
	pg.newDatabase(t, "reloaded", readTestdata(t, "exporter_shop.sql"))
	dir := t.TempDir()
	replaceFile(t, filepath.Join(dir, "dsn"), pg.dsn("reloaded", sqlExporter))
	file := filepath.Join(dir, configFile)
	replaceFile(t, file, shopGeneration(t, 0))
	e := startExporter(t, builtExporters(t).sql, dir)
	eventually(t, func() error { return e.isGeneration(t, 0) })

	stop := e.keepLoading(t)
	refused := 0 // number of signals for invalid configurations
	for generation := 1; generation <= 12; generation++ {
		bySignal := generation%2 == 0
		replaceFile(t, file, strings.Replace(shopGeneration(t, 1000), "postgres", "oracle", 1))
		if bySignal {
			refused++
			e.signalReload(t)
			eventually(t, func() error {
				if n := strings.Count(e.out.String(), "the previous configuration stays in use"); n < refused {
					return fmt.Errorf("the log has %d refused configurations, want %d", n, refused)
				}
				return nil
			})
		} else {
			refused++ // Refused requests are in the log as well.
			e.checkRefused(t)
		}
		if err := e.isGeneration(t, generation-1); err != nil {
			t.Errorf("after an invalid configuration: %v", err)
		}
		replaceFile(t, file, shopGeneration(t, generation))
		if bySignal {
			e.signalReload(t)
			eventually(t, func() error { return e.isGeneration(t, generation) })
			continue
		}
		if a, err := e.do(t.Context(), http.MethodPost, "/-/reload", 0); err != nil || a.status != http.StatusOK {
			t.Errorf("POST /-/reload: %d %s, %v", a.status, a.body, err)
		}
		if err := e.isGeneration(t, generation); err != nil { // takes effect at once
			t.Errorf("after POST /-/reload: %v", err)
		}
	}
	t.Logf("there were %d scrapes meanwhile", stop())
	if a, err := e.do(t.Context(), http.MethodGet, "/config", 0); err != nil || a.status != http.StatusOK ||
		!strings.Contains(a.body, "SELECT 12 AS n") || strings.Contains(a.body, postgresPassword) {
		t.Errorf("/config: %d, %v\n%s", a.status, err, a.body)
	}
}

func (e *exporterProcess) signalReload(t *testing.T) {
	t.Helper()
	if err := e.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// checkRefused checks the answer to POST /-/reload when the configuration is invalid.
func (e *exporterProcess) checkRefused(t *testing.T) {
	t.Helper()
	a, err := e.do(t.Context(), http.MethodPost, "/-/reload", 0)
	if err != nil || a.status != http.StatusInternalServerError {
		t.Errorf("POST /-/reload: status %d, want 500: %v", a.status, err)
	}
	for _, want := range []string{fmt.Sprintf("%s:%d", configFile, invalidLine), invalidDriver} {
		if !strings.Contains(a.body, want) {
			t.Errorf("POST /-/reload: got %s, want %q in it", a.body, want)
		}
	}
}

// generation is the key of the series with the configuration's generation.
var generation = shopSeries("generation")

// isGeneration returns an error unless the exporter uses the configuration of generation n.
func (e *exporterProcess) isGeneration(t *testing.T, n int) error {
	t.Helper()
	want := shopWithout()
	want[generation], want[success("generation")] = float64(n), 1
	return e.hasShop(t, want)
}

// keepLoading has some clients scrape every few milliseconds until the returned function is called. That
// function returns the number of scrapes.
func (e *exporterProcess) keepLoading(t *testing.T) (stop func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	var (
		clients sync.WaitGroup
		mu      sync.Mutex
		scrapes int
	)
	for _, collectors := range [][]string{
		nil, nil, {"generation@shop"}, {"stock@shop", "generation@shop"}, {"orders@shop", "clock@shop"},
	} {
		clients.Go(func() {
			var newest float64
			for ctx.Err() == nil {
				got, err := e.scrape(context.WithoutCancel(ctx), 20*time.Second, collectors...)
				if err == nil {
					err = isPart(got, collectors, &newest)
				}
				if err != nil {
					t.Errorf("collectors %q, after generation %v: %v", collectors, newest, err)
					return
				}
				mu.Lock()
				scrapes++
				mu.Unlock()
				select {
				case <-ctx.Done():
				case <-time.After(3 * time.Millisecond):
				}
			}
		})
	}
	stop = sync.OnceValue(func() int {
		cancel()
		clients.Wait()
		return scrapes
	})
	t.Cleanup(func() { stop() })
	return stop
}

// isPart returns an error unless a scrape of some collectors (of all if collectors is empty) has their
// series. If the scrape has a generation, it must not be older than the newest one before.
func isPart(got exposition, collectors []string, newest *float64) error {
	families := map[string]string{"clock@shop": "shop_clock", "orders@shop": "shop_orders", "stock@shop": "shop_stock", "generation@shop": "shop_generation"}
	asked := func(key string) bool {
		for _, name := range collectors {
			if strings.Contains(key, families[name]) || strings.Contains(key, `"`+name+`"`) {
				return true
			}
		}
		return len(collectors) == 0
	}
	all := shopWithout()
	all[success("generation")] = 1
	for key, want := range all {
		if v, ok := got.floats[key]; asked(key) && (!ok || v != want) {
			return fmt.Errorf("%s is %v (there: %t), want %v", key, v, ok, want)
		}
	}
	for _, key := range []string{clock, generation} {
		if _, ok := got.floats[key]; asked(key) != ok {
			return fmt.Errorf("%s is there: %t, want %t", key, ok, asked(key))
		}
	}
	if n, ok := got.floats[generation]; ok {
		if n < *newest {
			return fmt.Errorf("generation %v has come after %v", n, *newest)
		}
		*newest = n
	}
	return nil
}
