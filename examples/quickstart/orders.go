package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/luxfi/metric"
)

const schema = `
	CREATE TABLE IF NOT EXISTS orders (
		id     INTEGER PRIMARY KEY AUTOINCREMENT,
		status TEXT NOT NULL,
		euros  REAL NOT NULL
	);
	CREATE INDEX IF NOT EXISTS orders_by_status ON orders (status, euros);`

// keptOrders limits the number of orders in the database, so that the example can run for days.
const keptOrders = 10_000

// addOldOrders adds orders to an empty database, so that the collectors have something to count from the
// start.
func (s *shop) addOldOrders(ctx context.Context) error {
	var orders int
	if err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM orders`).Scan(&orders); err != nil {
		return err
	}
	if orders > 0 {
		s.say("It has %d orders", orders)
		return nil
	}
	const steps = 5
	for i := range steps {
		batch := s.cfg.oldOrders*(i+1)/steps - orders
		if batch == 0 {
			continue
		}
		if err := s.addOrders(ctx, batch); err != nil {
			return fmt.Errorf("writing orders: %w", err)
		}
		orders += batch
		s.say("Writing orders: %d of %d", orders, s.cfg.oldOrders)
	}
	return nil
}

// addOrders adds n orders to the database. Most of them are paid.
func (s *shop) addOrders(ctx context.Context, n int) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // It does nothing after Commit.
	insert, err := tx.PrepareContext(ctx, `INSERT INTO orders (status, euros) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for range n {
		status := "paid"
		if rand.N(10) == 0 {
			status = "new"
		}
		if _, err := insert.ExecContext(ctx, status, price()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *shop) placeOrder(w http.ResponseWriter, r *http.Request) {
	euros, err := strconv.ParseFloat(r.FormValue("euros"), 64)
	if err != nil || euros <= 0 {
		http.Error(w, "euros must be a positive number", http.StatusBadRequest)
		return
	}
	var id int64
	err = s.db.QueryRowContext(r.Context(),
		`INSERT INTO orders (status, euros) VALUES ('new', ?) RETURNING id`, euros).Scan(&id)
	if err == nil {
		_, err = s.db.ExecContext(r.Context(), `DELETE FROM orders WHERE id <= ?`, id-keptOrders)
	}
	if err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintln(w, id) // It fails if the customer has gone away.
}

func (s *shop) showOrder(w http.ResponseWriter, r *http.Request) {
	var (
		status string
		euros  float64
	)
	err := s.db.QueryRowContext(r.Context(),
		`SELECT status, euros FROM orders WHERE id = ?`, r.PathValue("id")).Scan(&status, &euros)
	if err != nil {
		fail(w, err)
		return
	}
	_, _ = fmt.Fprintf(w, "%s, %.2f euros\n", status, euros)
}

func (s *shop) payOrder(w http.ResponseWriter, r *http.Request) {
	result, err := s.db.ExecContext(r.Context(),
		`UPDATE orders SET status = 'paid' WHERE id = ? AND status = 'new'`, r.PathValue("id"))
	if err != nil {
		fail(w, err)
		return
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		http.Error(w, "there is nothing to pay", http.StatusConflict)
	}
}

func fail(w http.ResponseWriter, err error) {
	if errors.Is(err, sql.ErrNoRows) {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	if !errors.Is(err, context.Canceled) { // The customer has gone away.
		log.Print(err)
	}
	http.Error(w, "the shop has a problem", http.StatusInternalServerError)
}

var (
	ordersDesc = metric.NewDesc("shop_orders",
		"Orders in the books, by status.", []string{"status"}, nil)
	orderValueDesc = metric.NewDesc("shop_orders_value_euros",
		"Value of the orders in the books, by status.", []string{"status"}, nil)
)

// ordersCollector counts the orders in the database at every scrape. Its query runs under the scrape's
// context: it ends when the scrape's deadline passes or the scraping server closes the connection.
type ordersCollector struct {
	db *sql.DB
}

func (c *ordersCollector) Describe(ch chan<- *metric.Desc) {
	ch <- ordersDesc
	ch <- orderValueDesc
}

// Collect is for gatherers without a context.
func (c *ordersCollector) Collect(ch chan<- metric.Metric) {
	c.CollectWithContext(context.Background(), ch)
}

func (c *ordersCollector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	if err := c.collect(ctx, ch); err != nil {
		ch <- metric.NewInvalidMetric(ordersDesc, err)
	}
}

func (c *ordersCollector) collect(ctx context.Context, ch chan<- metric.Metric) error {
	rows, err := c.db.QueryContext(ctx, `SELECT status, COUNT(*), SUM(euros) FROM orders GROUP BY status`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns its error.
	for rows.Next() {
		var (
			status       string
			count, euros float64
		)
		if err := rows.Scan(&status, &count, &euros); err != nil {
			return err
		}
		ch <- metric.MustNewConstMetric(ordersDesc, metric.GaugeValue, count, status)
		ch <- metric.MustNewConstMetric(orderValueDesc, metric.GaugeValue, euros, status)
	}
	return rows.Err()
}
