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

// shopping sends the shop requests until ctx is done.
func shopping(ctx context.Context, shop string, pause time.Duration) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	order := "1"
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(rand.N(2 * pause)):
		}
		switch n := rand.N(100); {
		case n < 30:
			euros := fmt.Sprintf("%.2f", rand.ExpFloat64()*50+1)
			if id := visit(ctx, client, http.MethodPost, shop+"/orders", url.Values{"euros": {euros}}); id != "" {
				order = id
			}
		case n < 35: // No price: a bad request.
			visit(ctx, client, http.MethodPost, shop+"/orders", nil)
		case n < 60:
			visit(ctx, client, http.MethodPost, shop+"/orders/"+order+"/pay", nil)
		case n < 65: // Nobody's order: not found.
			visit(ctx, client, http.MethodGet, shop+"/orders/0", nil)
		default:
			visit(ctx, client, http.MethodGet, shop+"/orders/"+order, nil)
		}
	}
}

// visit sends one request, as part of a trace, and returns the body of the response
// if something has been created. A failure is the shop's to count.
func visit(ctx context.Context, client *http.Client, method, target string, form url.Values) string {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(form.Encode()))
	if err != nil {
		return ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Traceparent", fmt.Sprintf("00-%016x%016x-%016x-01", rand.Uint64(), rand.Uint64(), rand.Uint64()))
	resp, err := client.Do(req)
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
