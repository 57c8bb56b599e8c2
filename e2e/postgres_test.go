//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresPassword is the password of the superuser of every server.
const postgresPassword = "correct-horse-battery-staple"

// postgres is a PostgreSQL server of one test. Its data do not survive the test.
type postgres struct {
	programs string // folder with postgres and initdb
	dir      string // folder that belongs to the user that the server runs as
	address  string // stays the same when the server restarts
	process  *process
}

// newPostgres makes the files of a server but does not start it. If PostgreSQL is missing, newPostgres
// skips the test, or fails it if the environment variable E2E_ALL is set.
func newPostgres(t *testing.T) *postgres {
	t.Helper()
	pg := &postgres{programs: postgresPrograms(t), address: freeAddress(t)}
	// Other users cannot enter the parent of the folders that t.TempDir returns.
	dir, err := os.MkdirTemp("", "e2e-postgres-") //nolint:usetesting // The server's user cannot enter t.TempDir.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	pg.dir = dir
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte(postgresPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := giveAway(dir, password); err != nil {
		t.Fatal(err)
	}
	initdb := pg.command(t, "initdb", "--pgdata="+pg.data(), "--username=postgres", "--pwfile="+password,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", initdb.Args, err, out)
	}
	return pg
}

// postgresPrograms returns the folder with the programs of the newest installed PostgreSQL.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	// Debian installs several versions side by side, outside of PATH.
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		t.Fatal(err)
	}
	newest, program := 0, ""
	for _, path := range found {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && version > newest {
			newest, program = version, path
		}
	}
	if program == "" {
		program = needProgram(t, "postgres", "postgresql")
		if path, err := filepath.EvalSymlinks(program); err == nil {
			program = path // initdb is beside the target of the link.
		}
	}
	return filepath.Dir(program)
}

// command returns a command that runs one of PostgreSQL's programs as the server's user.
func (pg *postgres) command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(pg.programs, program), args...)
	cmd.Dir = pg.dir
	if err := runUnprivileged(cmd); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func (pg *postgres) data() string { return filepath.Join(pg.dir, "data") }

// startPostgres starts a new server.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	pg := newPostgres(t)
	pg.start(t)
	return pg
}

// start starts the server and returns when it accepts connections. The server stops at the end of the test.
func (pg *postgres) start(t *testing.T) {
	t.Helper()
	host, port, err := net.SplitHostPort(pg.address)
	if err != nil {
		t.Fatal(err)
	}
	pg.process = startCommand(t, pg.command(t, "postgres", "-D", pg.data(), "-h", host, "-p", port,
		"-c", "unix_socket_directories=", // The path might be too long for a socket.
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "shared_buffers=16MB", "-c", "log_line_prefix=%m %a: "))
	eventually(t, func() error {
		conn, err := pgx.Connect(t.Context(), pg.dsn("postgres", "e2e"))
		if err != nil {
			return fmt.Errorf("%w\n%s", err, pg.process.out.String())
		}
		return conn.Close(t.Context())
	})
}

// stop stops the server without waiting for clients. They lose their connections.
func (pg *postgres) stop(t *testing.T) {
	t.Helper()
	pg.process.stop(t)
}

// dsn returns the DSN with which the named application connects to a database.
func (pg *postgres) dsn(database, application string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", postgresPassword), Host: pg.address, Path: database,
		RawQuery: url.Values{"application_name": {application}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// connect returns a connection to a database. The connection is closed at the end of the test.
func (pg *postgres) connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pg.dsn(database, "e2e"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = conn.Close(ctx) // The server may have stopped.
	})
	return conn
}

// newDatabase creates a database, executes statements in it, and returns a connection to it.
func (pg *postgres) newDatabase(t *testing.T, name, statements string) *pgx.Conn {
	t.Helper()
	admin := pg.connect(t, "postgres")
	execSQL(t, admin, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" STRATEGY wal_log")
	conn := pg.connect(t, name)
	execSQL(t, conn, statements)
	return conn
}

func execSQL(t *testing.T, conn *pgx.Conn, statements string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// activity is the server's information about a program's connections.
type activity struct {
	connections int // all connections, including idle ones
	running     int // connections that run a statement containing a given text
}

// readActivity returns how many connections an application has to the database of conn, and how many of
// them run a statement that contains a text.
func readActivity(ctx context.Context, conn *pgx.Conn, application, text string) (a activity, err error) {
	err = conn.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE state = 'active' AND position($2 in query) > 0)
		FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`,
		application, text).Scan(&a.connections, &a.running)
	return a, err
}

// watchedActivity is the highest activity that watchActivity has seen.
type watchedActivity struct {
	most activity
	err  error
}

// watchActivity reads the activity repeatedly until the returned function is called.
func watchActivity(conn *pgx.Conn, application, text string) (stop func() watchedActivity) {
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan watchedActivity, 1)
	go func() {
		var w watchedActivity
		for w.err == nil && ctx.Err() == nil {
			var now activity
			// A canceled query would close the connection.
			now, w.err = readActivity(context.WithoutCancel(ctx), conn, application, text)
			w.most.connections = max(w.most.connections, now.connections)
			w.most.running = max(w.most.running, now.running)
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Millisecond):
			}
		}
		result <- w
	}()
	return func() watchedActivity {
		cancel()
		return <-result
	}
}

// TestPostgres checks that a server keeps its data and its address when it restarts.
func TestPostgres(t *testing.T) {
	t.Parallel()
	pg := newPostgres(t)
	if _, err := pgx.Connect(t.Context(), pg.dsn("postgres", "e2e")); err == nil {
		t.Error("the server takes connections before it was started")
	}
	pg.start(t)
	conn := pg.newDatabase(t, "kept", "CREATE TABLE numbers (n int); INSERT INTO numbers VALUES (42)")
	pg.stop(t)
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a connection has survived the server")
	}
	pg.start(t)
	var n int
	if err := pg.connect(t, "kept").QueryRow(t.Context(), "SELECT n FROM numbers").Scan(&n); err != nil || n != 42 {
		t.Errorf("got %d, %v", n, err)
	}
	if _, err := pgx.Connect(t.Context(), "postgres://postgres:wrong@"+pg.address+"/kept?sslmode=disable"); err == nil {
		t.Error("the server takes a wrong password")
	} else if pgErr := (*pgconn.PgError)(nil); !errors.As(err, &pgErr) {
		t.Errorf("got %v, want an error of the server", err)
	}
}
