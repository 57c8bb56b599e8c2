package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// customer is a customer who places orders, pays for them, asks about them and makes mistakes.
type customer struct {
	shop   string
	client *http.Client
	order  string // the customer's last order
}

func newCustomer(shop string) *customer {
	return &customer{shop, &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}, "1"}
}

// shopping sends requests to the shop until ctx is done.
func shopping(ctx context.Context, shop string, pause time.Duration) {
	c := newCustomer(shop)
	defer c.client.CloseIdleConnections()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(rand.N(2 * pause)):
		}
		c.visit(ctx)
	}
}

// firstVisits sends n requests to the shop, one after the other.
func firstVisits(ctx context.Context, shop string, n int) {
	c := newCustomer(shop)
	defer c.client.CloseIdleConnections()
	for range n {
		if ctx.Err() != nil {
			return
		}
		c.visit(ctx)
	}
}

// visit sends a random request.
func (c *customer) visit(ctx context.Context) {
	switch n := rand.N(100); {
	case n < 30:
		euros := fmt.Sprintf("%.2f", price())
		if id := c.send(ctx, http.MethodPost, "/orders", url.Values{"euros": {euros}}); id != "" {
			c.order = id
		}
	case n < 35: // no price: a bad request
		c.send(ctx, http.MethodPost, "/orders", nil)
	case n < 60:
		c.send(ctx, http.MethodPost, "/orders/"+c.order+"/pay", nil)
	case n < 65: // an order that does not exist: not found
		c.send(ctx, http.MethodGet, "/orders/0", nil)
	default:
		c.send(ctx, http.MethodGet, "/orders/"+c.order, nil)
	}
}

// price returns the price of an order, in euros.
func price() float64 { return rand.ExpFloat64()*50 + 1 }

// send sends one request, as part of a trace. If the request has created something, send returns the
// response's body. It ignores failures, because the shop counts them.
func (c *customer) send(ctx context.Context, method, path string, form url.Values) string {
	req, err := http.NewRequestWithContext(ctx, method, c.shop+path, strings.NewReader(form.Encode()))
	if err != nil {
		return ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Traceparent", fmt.Sprintf("00-%016x%016x-%016x-01", rand.Uint64(), rand.Uint64(), rand.Uint64()))
	resp, err := c.client.Do(req)
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusCreated {
		return ""
	}
	return strings.TrimSpace(string(body))
}
