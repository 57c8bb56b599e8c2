package main

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"
)

// driverKind is what the exporter knows about a kind of database.
type driverKind struct {
	// connector returns what makes connections. It does not connect. Its errors do not have the
	// text of the DSN, in which there may be a password.
	connector func(c connection) (connector, error)
	// killer, if not nil, returns a function that ends, over another connection, what conn runs.
	// It is for drivers that close a connection whose query is cancelled, without a word to
	// the server.
	killer func(ctx context.Context, conn *sql.Conn) (kill func(context.Context, *sql.DB) error, err error)
}

// connector makes connections.
type connector struct {
	driver.Connector
	password string // Errors must not have it.
}

var drivers = map[string]driverKind{
	"postgres": {connector: postgresConnector},
	"mysql":    {connector: mysqlConnector, killer: mysqlKiller},
	"sqlite":   {connector: sqliteConnector},
}

// driverNames returns the names of the drivers, sorted.
func driverNames() []string { return slices.Sorted(maps.Keys(drivers)) }

// program returns how the exporter calls itself to a database.
func (c connection) program() string { return "sql_exporter/" + c.name }

// errDSN is the error for a DSN that a driver cannot parse. The driver's own error may quote it.
func errDSN(driver, form string) error {
	return fmt.Errorf("it is not valid for the driver %s (its text is not shown, as it may contain a password); allowed is: %s", driver, form)
}

func postgresConnector(c connection) (connector, error) {
	config, err := pgx.ParseConfig(c.dsn.Reveal())
	if err != nil {
		return connector{}, errDSN("postgres", "postgres://user:password@host:5432/database?sslmode=verify-full, or host=… user=… password=… dbname=…")
	}
	if c.connectTimeout > 0 {
		config.ConnectTimeout = c.connectTimeout
	} else {
		config.ConnectTimeout = cmp.Or(config.ConnectTimeout, defaultConnectTimeout)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = c.program()
	}
	// Nothing is prepared: that works behind pools of connections, and after changes of the schema.
	// The extended protocol takes one statement, so none can follow that ends the transaction.
	if config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	// A cancelled query keeps its connection until the server has ended it, or killTimeout is over. By
	// default, pgx gives the connection up at once and has the server end the query meanwhile, which
	// for that time is one connection more than max_connections.
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: killTimeout}
	}
	return connector{stdlib.GetConnector(*config), config.Password}, nil
}

func mysqlConnector(c connection) (connector, error) {
	const form = "user:password@tcp(host:3306)/database?tls=true"
	config, err := mysql.ParseDSN(c.dsn.Reveal())
	if err != nil {
		return connector{}, errDSN("mysql", form)
	}
	if c.connectTimeout > 0 {
		config.Timeout = c.connectTimeout
	} else {
		config.Timeout = cmp.Or(config.Timeout, defaultConnectTimeout)
	}
	config.ParseTime = true
	config.MultiStatements = false // See postgresConnector.
	config.ConnectionAttributes = cmp.Or(config.ConnectionAttributes, "program_name:"+c.program())
	config.Logger = &mysql.NopLogger{} // The errors are returned as well.
	made, err := mysql.NewConnector(config)
	if err != nil {
		return connector{}, errDSN("mysql", form)
	}
	return connector{made, config.Passwd}, nil
}

// Errors of KILL.
const mysqlNoSuchThread = 1094

// mysqlKiller makes the function that ends a connection of MySQL or MariaDB. The server numbers
// connections in ascending order, so that it cannot be another one by then.
func mysqlKiller(ctx context.Context, conn *sql.Conn) (func(context.Context, *sql.DB) error, error) {
	var id int64
	if err := conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		return nil, err
	}
	return func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, fmt.Sprintf("KILL %d", id))
		if known := (*mysql.MySQLError)(nil); errors.As(err, &known) && known.Number == mysqlNoSuchThread {
			return nil
		}
		return err
	}, nil
}
