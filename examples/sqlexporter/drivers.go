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

// driverKind describes a kind of database.
type driverKind struct {
	// connector returns a connector for connections. It does not connect. Its errors do not contain the
	// DSN, which may contain a password.
	connector func(c connection) (connector, error)
	// killer, if not nil, returns a function that uses another connection to end the query that conn runs. It
	// is for drivers that close the connection of a canceled query, but do not end the query on the server.
	killer func(ctx context.Context, conn *sql.Conn) (kill func(context.Context, *sql.DB) error, err error)
}

// connector makes connections for [sql.OpenDB].
type connector struct {
	driver.Connector
	password string // not allowed in errors
}

var drivers = map[string]driverKind{
	"postgres": {connector: postgresConnector},
	"mysql":    {connector: mysqlConnector, killer: mysqlKiller},
	"sqlite":   {connector: sqliteConnector},
}

// driverNames returns the names of the drivers, sorted.
func driverNames() []string { return slices.Sorted(maps.Keys(drivers)) }

// program returns the name by which the exporter identifies itself to a database.
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
	// Queries without prepared statements work behind connection pools and after schema changes. The extended
	// protocol accepts only one statement, so no second one can end the transaction.
	if config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	// A canceled query keeps its connection until the server has ended the query, or killTimeout has passed.
	// By default, pgx gives up the connection at once, although the server has not yet ended the query. Until
	// then, there would be more than max_connections connections.
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
	config.MultiStatements = false // see postgresConnector
	config.ConnectionAttributes = cmp.Or(config.ConnectionAttributes, "program_name:"+c.program())
	config.Logger = &mysql.NopLogger{} // The errors are returned as well.
	made, err := mysql.NewConnector(config)
	if err != nil {
		return connector{}, errDSN("mysql", form)
	}
	return connector{made, config.Passwd}, nil
}

// mysqlNoSuchThread is the error of KILL for a connection that has already ended.
const mysqlNoSuchThread = 1094

// mysqlKiller returns a function that ends a connection of MySQL or MariaDB. The server never gives the
// number of an ended connection to another one, because it numbers connections in ascending order.
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
