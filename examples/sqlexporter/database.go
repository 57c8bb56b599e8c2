package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// killTimeout limits the time to end a canceled query on the server.
const killTimeout = 2 * time.Second

// pool is a connection pool for a database. The database's queries and sql_up share it. It is safe for
// concurrent use.
type pool struct {
	db       *sql.DB
	kind     driverKind
	readOnly bool
	secrets  []string // texts that errors must not contain
}

// openPool returns a pool. It does not connect.
func openPool(c connection) (*pool, error) {
	kind := drivers[c.driver]
	connector, err := kind.connector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	// sql_up gets an additional connection. Otherwise it would wait behind slow queries.
	db.SetMaxOpenConns(c.maxConnections + 1)
	db.SetMaxIdleConns(c.maxConnections + 1)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(30 * time.Minute) // This lets the pool follow changes in DNS.
	return &pool{db: db, kind: kind, readOnly: c.readOnly, secrets: []string{c.dsn.Reveal(), connector.password}}, nil
}

// Close closes the connections after the queries in progress.
func (p *pool) Close() error { return p.db.Close() }

// ping returns an error if the database cannot be reached.
func (p *pool) ping(ctx context.Context) error { return p.hide(p.db.PingContext(ctx)) }

// query runs a query and calls read with its rows. If ctx ends first, it also ends the query on the
// server. When query returns, the connection is free again or closed.
func (p *pool) query(ctx context.Context, text string, read func(*sql.Rows) error) error {
	start := time.Now()
	kill, err := p.queryConn(ctx, text, read)
	if err != nil && ctx.Err() != nil {
		if kill != nil {
			killCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
			defer cancel()
			if err := kill(killCtx, p.db); err != nil {
				return p.hide(fmt.Errorf("canceled after %v, but it may still run on the server: %w (%w)", time.Since(start).Round(time.Millisecond), ctx.Err(), err))
			}
		}
		return fmt.Errorf("canceled after %v: %w", time.Since(start).Round(time.Millisecond), ctx.Err())
	}
	return p.hide(err)
}

// queryConn runs a query on a connection. If ctx ends before the query does, the caller must call kill,
// unless kill is nil.
func (p *pool) queryConn(ctx context.Context, text string, read func(*sql.Rows) error) (kill func(context.Context, *sql.DB) error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close() }() // The connection goes back to the pool.
	if p.kind.killer != nil {
		if kill, err = p.kind.killer(ctx, conn); err != nil {
			return nil, err
		}
	}
	var run interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	} = conn
	if p.readOnly {
		tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return kill, fmt.Errorf("begin a read-only transaction: %w", err)
		}
		defer func() { _ = tx.Rollback() }() // There is nothing to commit.
		run = tx
	}
	rows, err := run.QueryContext(ctx, text)
	if err != nil {
		return kill, err
	}
	defer func() { _ = rows.Close() }() // Err returns its error.
	if err := read(rows); err != nil {
		cancel() // Otherwise drivers read the rest of the result before they close it.
		return kill, err
	}
	return kill, rows.Err()
}

// hidden is an error whose text contains no secrets.
type hidden struct {
	text string
	err  error
}

func (e *hidden) Error() string { return e.text }

// Unwrap returns the error, for errors.Is and errors.As.
func (e *hidden) Unwrap() error { return e.err }

// hide returns an error like err, with the pool's secrets removed from its text.
func (p *pool) hide(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, secret := range p.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "<hidden>")
		}
	}
	if text == err.Error() {
		return err
	}
	return &hidden{text, err}
}
