//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// testLockedTable locks a table that a query reads. Only that query may fail, it must end on the server,
// and the exporter must never have more connections than configured.
func testLockedTable(t *testing.T, pg *postgres) {
	locker := pg.newDatabase(t, "locked", readTestdata(t, "exporter_shop.sql"))
	observer := pg.connect(t, "locked")
	e := startSQLExporter(t, pg, "locked")
	eventually(t, func() error { return e.hasShop(t, shopWithout()) })

	execSQL(t, locker, "BEGIN; LOCK TABLE stock IN ACCESS EXCLUSIVE MODE")
	stop := watchActivity(pg.connect(t, "locked"), sqlExporter, "FROM stock")
	var before float64
	for range 4 {
		got, err := e.scrape(t.Context(), 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := hasShop(got, shopWithout("stock")); err != nil {
			t.Errorf("while stock is locked: %v", err)
		}
		if now := got.floats[clock]; now <= before {
			t.Errorf("the clock was at %f, and in the next scrape at %f", before, now)
		} else {
			before = now
		}
		untilIdle(t, observer)
	}
	// Many scrapes at once: none must wait for a run that other scrapes have abandoned.
	var clients sync.WaitGroup
	for range 6 {
		clients.Go(func() {
			for range 2 {
				if got, err := e.scrape(t.Context(), 20*time.Second); err != nil {
					t.Error(err)
				} else if err := hasShop(got, shopWithout("stock")); err != nil {
					t.Errorf("in one of many scrapes while stock is locked: %v", err)
				}
			}
		})
	}
	clients.Wait()
	untilIdle(t, observer)
	watched := stop()
	if watched.err != nil {
		t.Error(watched.err)
	}
	if watched.most.running == 0 {
		t.Error("the query on the locked table was never seen on the server")
	}
	if watched.most.connections > maxConnections {
		t.Errorf("there were %d connections, want at most %d", watched.most.connections, maxConnections)
	}
	t.Logf("while the table was locked, there were at most %+v", watched.most)

	execSQL(t, locker, "ROLLBACK")
	eventually(t, func() error { return e.hasShop(t, shopWithout()) })
}

// hasShop scrapes, and returns an error unless the scrape has these values and a clock.
func (e *exporterProcess) hasShop(t *testing.T, want map[string]float64) error {
	t.Helper()
	got, err := e.scrape(t.Context(), 20*time.Second)
	if err != nil {
		return err
	}
	if _, ok := got.floats[clock]; !ok {
		err = errors.New("there is no clock")
	}
	return errors.Join(err, hasShop(got, want))
}

// untilIdle waits until the server runs no query on the table stock for the exporter.
func untilIdle(t *testing.T, observer *pgx.Conn) {
	t.Helper()
	eventually(t, func() error {
		now, err := readActivity(t.Context(), observer, sqlExporter, "FROM stock")
		if err == nil && now.running > 0 {
			err = fmt.Errorf("%d queries on stock still run after the scrape", now.running)
		}
		return err
	})
}
