package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
)

// drainer is a driver, its connections and their results. Like the drivers of PostgreSQL and MySQL, it
// closes a result only after it has read all of it or the context of the query has ended. Its result is
// endless.
type drainer struct{ ctx context.Context }

func (d drainer) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d drainer) Driver() driver.Driver                        { return nil }
func (d drainer) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (d drainer) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (d drainer) Columns() []string                            { return []string{"n"} }
func (d drainer) Next([]driver.Value) error                    { return nil }

func (d drainer) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	return drainer{ctx}, nil
}

// Close closes a connection or a result. It has no context.
func (d drainer) Close() error {
	if d.ctx != nil {
		<-d.ctx.Done()
	}
	return nil
}

// TestReadError checks that the pool does not read the rest of a result after an error in the first rows.
func TestReadError(t *testing.T) {
	p := &pool{db: sql.OpenDB(drainer{})}
	defer func() { _ = p.Close() }()
	err := p.query(t.Context(), "SELECT n", func(rows *sql.Rows) error {
		rows.Next()
		return io.ErrUnexpectedEOF
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v", err)
	}
}
