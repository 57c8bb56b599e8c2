package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
)

// Attributes of the shop's instruments.
const (
	goodsKey    = attribute.Key("shop.goods")
	acceptedKey = attribute.Key("shop.accepted")
	customerKey = attribute.Key("shop.customer")
)

// shop takes orders by HTTP.
type shop struct {
	url       string
	server    *http.Server
	served    chan error
	transport *http.Transport
	client    *http.Client
	stock     *stock

	orders api.Int64Counter
	pieces api.Int64Histogram
}

type order struct {
	Goods    string
	Pieces   int
	Customer string
}

// openShop opens the port and the shop, with apples and pears in stock.
func openShop(ctx context.Context, t *telemetry, address string) (*shop, error) {
	s := &shop{served: make(chan error, 1)}
	if err := s.makeInstruments(otel.Meter("example.com/shop", api.WithInstrumentationVersion("1.0"))); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if s.stock, err = openStock(ctx, "apples", "pears"); err != nil {
		_ = listener.Close()
		return nil, err
	}
	s.url = "http://" + listener.Addr().String()
	s.transport = new(http.Transport)
	s.client = &http.Client{Transport: otelhttp.NewTransport(s.transport)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{goods}", s.take)
	routes := http.NewServeMux()
	routes.Handle("/", otelhttp.NewHandler(mux, "shop"))
	routes.Handle("GET /metrics", metric.HandlerFor(t.registry))
	s.server = &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// makeInstruments makes the shop's instruments.
func (s *shop) makeInstruments(meter api.Meter) (err error) {
	s.orders, err = meter.Int64Counter("shop.orders", api.WithDescription("Orders."), api.WithUnit("{order}"))
	if err != nil {
		return err
	}
	s.pieces, err = meter.Int64Histogram("shop.order.pieces", api.WithDescription("Pieces per order."), api.WithUnit("{piece}"))
	return err
}

// take handles a request that places an order.
func (s *shop) take(w http.ResponseWriter, r *http.Request) {
	o := order{Goods: r.PathValue("goods")}
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	there, err := s.stock.has(r.Context(), o.Goods)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	s.orders.Add(r.Context(), 1, api.WithAttributes(
		goodsKey.String(o.Goods), acceptedKey.Bool(there), customerKey.String(o.Customer)))
	s.pieces.Record(r.Context(), int64(o.Pieces), api.WithAttributes(goodsKey.String(o.Goods)))
	if !there {
		http.Error(w, "sold out", http.StatusConflict)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// order sends an order to the shop, as a customer would. Sold-out goods are not an error.
func (s *shop) order(ctx context.Context, o order) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/orders/"+o.Goods, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusCreated && response.StatusCode != http.StatusConflict {
		return fmt.Errorf("the order of %s got the status %s", o.Goods, response.Status)
	}
	return nil
}

func (s *shop) close(ctx context.Context) error {
	s.transport.CloseIdleConnections()
	err := s.server.Shutdown(ctx)
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, s.stock.close())
}
