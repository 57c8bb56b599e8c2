//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slowQuery is a slow query to append to exporter_sql.yml.
const slowQuery = `
  slow:
    timeout: 1m
    sql: SELECT 1 AS n FROM pg_sleep(4)
    metrics:
      - {name: shop_slow, type: gauge, help: Takes long., value: n}
`

// testDrain terminates sqlexporter during a slow scrape. The exporter must answer the scrape completely
// and exit with 0.
func testDrain(t *testing.T, pg *postgres) {
	observer := pg.newDatabase(t, "drained", readTestdata(t, "exporter_shop.sql"))
	dir := t.TempDir()
	replaceFile(t, filepath.Join(dir, "dsn"), pg.dsn("drained", sqlExporter))
	replaceFile(t, filepath.Join(dir, configFile), readTestdata(t, "exporter_sql.yml")+slowQuery)
	e := startExporter(t, builtExporters(t).sql, dir)

	type result struct {
		got exposition
		err error
	}
	done := make(chan result, 1)
	go func() {
		got, err := e.scrape(t.Context(), time.Minute)
		done <- result{got, err}
	}()
	eventually(t, func() error {
		now, err := readActivity(t.Context(), observer, sqlExporter, "pg_sleep")
		if err == nil && now.running == 0 {
			err = fmt.Errorf("the slow query has not begun")
		}
		return err
	})
	e.killed.Store(true) // The test terminates the process itself.
	if err := e.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	want := shopWithout()
	maps.Copy(want, map[string]float64{success("slow"): 1, shopSeries("slow"): 1})
	if r := <-done; r.err != nil {
		t.Errorf("the scrape under way: %v", r.err)
	} else if err := hasShop(r.got, want); err != nil {
		t.Errorf("the scrape under way: %v", err)
	}
	select {
	case <-e.exited:
		if e.err != nil {
			t.Errorf("the exporter exited with %v\n%s", e.err, e.out.String())
		}
	case <-time.After(maxWait):
		e.kill(t)
		t.Errorf("the exporter does not exit\n%s", e.out.String())
	}
	if !strings.Contains(e.out.String(), "Shutting down") {
		t.Errorf("the exporter has not said that it shuts down:\n%s", e.out.String())
	}
	eventually(t, func() error {
		now, err := readActivity(t.Context(), observer, sqlExporter, "")
		if err == nil && now.connections > 0 {
			err = fmt.Errorf("the exporter has left %d connections behind", now.connections)
		}
		return err
	})
}
