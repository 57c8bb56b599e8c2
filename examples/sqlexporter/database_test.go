package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/exporter"
)

// endless is a query that never ends.
const endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c"

// newPool returns a pool of connections to SQLite.
func newPool(t *testing.T, dsn string) *pool {
	t.Helper()
	p, err := openPool(connection{name: "shop", driver: "sqlite", dsn: exporter.NewSecret(dsn), dir: t.TempDir(), maxConnections: 1, readOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// newFile creates a database with a table t of one row, and returns its path.
func newFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a #1 %20.db")
	makeFile(t, file)
	return file
}

// makeFile creates a database with a table t of one row.
func makeFile(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "CREATE TABLE t (n); INSERT INTO t VALUES (7)")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// nothing reads no rows from a result.
func nothing(*sql.Rows) error { return nil }

// one returns a function that reads one row of one column.
func one(into any) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		if !rows.Next() {
			return errors.Join(errors.New("no rows"), rows.Err())
		}
		return rows.Scan(into)
	}
}

// TestCancel checks that a canceled query ends with the context's error and keeps no connection.
func TestCancel(t *testing.T) {
	p := newPool(t, ":memory:")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var n int
	err := p.query(ctx, endless, one(&n))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "canceled after ") {
		t.Errorf("got error %v", err)
	}
	if s := p.db.Stats(); s.InUse != 0 {
		t.Errorf("%d connections are in use", s.InUse)
	}
	if err := p.query(t.Context(), "SELECT 3", one(&n)); err != nil || n != 3 {
		t.Errorf("the next query: got %d, error %v", n, err)
	}
}

// TestPingBesideQueries checks that a ping succeeds while queries use all connections for queries.
func TestPingBesideQueries(t *testing.T) {
	p := newPool(t, ":memory:")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- p.query(ctx, endless, nothing) }()
	for p.db.Stats().InUse == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := p.ping(t.Context()); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the query: got error %v", err)
	}
}

// TestKill checks that a canceled query is killed on the server, and that the error says whether that has
// succeeded.
func TestKill(t *testing.T) {
	p := newPool(t, ":memory:")
	for _, test := range []struct {
		name string
		kill error
		want string
	}{
		{"killed", nil, "canceled after"},
		{"not killed", errors.New("no way"), "but it may still run on the server: context canceled (no way)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			killed := 0
			p.kind.killer = func(context.Context, *sql.Conn) (func(context.Context, *sql.DB) error, error) {
				return func(ctx context.Context, db *sql.DB) error {
					killed++
					return errors.Join(ctx.Err(), db.PingContext(ctx), test.kill)
				}, nil
			}
			if err := p.query(t.Context(), "SELECT 1", nothing); err != nil || killed != 0 {
				t.Fatalf("a good query: got error %v, killed %d times", err, killed)
			}
			ctx, cancel := context.WithCancel(t.Context())
			err := p.query(ctx, "SELECT 1", func(*sql.Rows) error { cancel(); return ctx.Err() })
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), test.want) || killed != 1 {
				t.Errorf("got error %v, killed %d times", err, killed)
			}
		})
	}
}

// TestHide checks that errors do not contain secrets.
func TestHide(t *testing.T) {
	p := &pool{secrets: []string{"postgres://u:s3cret@h/d", "s3cret", ""}}
	inner := errors.New("cannot use postgres://u:s3cret@h/d: s3cret is wrong")
	err := p.hide(inner)
	if want := "cannot use <hidden>: <hidden> is wrong"; err.Error() != want || !errors.Is(err, inner) {
		t.Errorf("got %v", err)
	}
	if p.hide(nil) != nil {
		t.Error("an error without an error")
	}
}

// TestSQLiteFile checks that the DSN determines how the connector opens a file, and that the
// connector does not create or change the file.
func TestSQLiteFile(t *testing.T) {
	file := newFile(t)
	t.Run("path", func(t *testing.T) {
		var n int
		if err := newPool(t, file).query(t.Context(), "SELECT n FROM t", one(&n)); err != nil || n != 7 {
			t.Errorf("got %d, error %v", n, err)
		}
	})
	t.Run("changes", func(t *testing.T) {
		if err := newPool(t, file).query(t.Context(), "DELETE FROM t", nothing); err == nil {
			t.Error("a row was deleted")
		}
	})
	t.Run("relative to the configuration, and missing at first", func(t *testing.T) {
		dir := t.TempDir()
		p, err := openPool(connection{driver: "sqlite", dsn: exporter.NewSecret("later.db"), dir: dir, maxConnections: 1, readOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Close() }()
		if err := p.ping(t.Context()); err == nil {
			t.Error("a database that is not there is up")
		}
		later := filepath.Join(dir, "later.db")
		if _, err := os.Stat(later); !os.IsNotExist(err) {
			t.Errorf("the file is there: %v", err)
		}
		makeFile(t, later)
		if err := p.ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSQLiteName(t *testing.T) {
	dir := filepath.FromSlash("/etc/sql")
	if vol := os.Getenv("SystemDrive"); vol != "" {
		dir = vol + dir
	}
	for _, test := range []struct {
		dsn      string
		readOnly bool
		want     string
	}{
		{":memory:", true, "file::memory:?_busy_timeout=5000&_query_only=1"},
		{"file:x?mode=memory&cache=shared", true, "file:x?_busy_timeout=5000&_query_only=1&cache=shared&mode=memory"},
		{"/a b#?.db", true, "file:/a%20b%23?.db=&_busy_timeout=5000&_query_only=1&mode=ro"},
		{"/a.db?_timeout=1", false, "file:/a.db?_timeout=1&mode=rw"},
		{"file:/a%20b.db?mode=rwc", false, "file:/a%20b.db?_busy_timeout=5000&mode=rwc"},
		{"file:///a.db", true, "file:///a.db?_busy_timeout=5000&_query_only=1&mode=ro"},
	} {
		t.Run(test.dsn, func(t *testing.T) {
			got, err := sqliteName(connection{dsn: exporter.NewSecret(test.dsn), dir: dir, readOnly: test.readOnly})
			if err != nil || got != test.want {
				t.Errorf("got %s, error %v, want %s", got, err, test.want)
			}
		})
	}
}
