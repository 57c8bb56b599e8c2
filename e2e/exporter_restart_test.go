//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestExporterDatabaseRestarts starts sqlexporter before its database, and then stops the database and
// starts it again. It checks that the exporter answers all the time.
func TestExporterDatabaseRestarts(t *testing.T) {
	t.Parallel()
	pg := newPostgres(t)
	e := startSQLExporter(t, pg, "restarted")
	down := map[string]float64{sqlUp: 0, success("clock"): 0, success("orders"): 0, success("stock"): 0}
	isDown := func() error {
		got, err := e.scrape(t.Context(), 20*time.Second)
		if err != nil {
			return err
		}
		if _, ok := got.floats[clock]; ok {
			return fmt.Errorf("there is a clock while the database is down")
		}
		return hasShop(got, down)
	}
	if err := isDown(); err != nil { // The exporter notices at once.
		t.Error(err)
	}
	stop := e.keepScraping(t)
	pg.start(t)
	pg.newDatabase(t, "restarted", readTestdata(t, "exporter_shop.sql"))
	eventually(t, func() error { return e.hasShop(t, shopWithout()) })
	for range 2 {
		pg.stop(t)
		eventually(t, isDown)
		pg.start(t)
		eventually(t, func() error { return e.hasShop(t, shopWithout()) })
	}
	if n := stop(); n == 0 {
		t.Error("there were no scrapes meanwhile")
	}
	if a, err := e.do(t.Context(), "GET", "/-/healthy", 0); err != nil || a.status != 200 {
		t.Errorf("/-/healthy: %d, %v", a.status, err)
	}
}

// keepScraping scrapes until the returned function is called. That function returns the number of scrapes.
// Every scrape must have the status 200 and say whether the database is up.
func (e *exporterProcess) keepScraping(t *testing.T) (stop func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	scrapes := make(chan int, 1)
	go func() {
		n := 0
		for ctx.Err() == nil {
			got, err := e.scrape(context.WithoutCancel(ctx), 20*time.Second)
			if err != nil {
				t.Error(err)
				break
			}
			if up, ok := got.floats[sqlUp]; !ok || up != 0 && up != 1 {
				t.Errorf("sql_up is %v (there: %t)", up, ok)
			}
			n++
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
		scrapes <- n
	}()
	stop = sync.OnceValue(func() int {
		cancel()
		return <-scrapes
	})
	t.Cleanup(func() { stop() })
	return stop
}
