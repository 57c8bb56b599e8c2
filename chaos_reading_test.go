package metric_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// readingCorner has clients that send a request, read nothing of the response and stay connected. The
// handler must disconnect them. Until then, they take the places of other requests.
func readingCorner(t *testing.T) *corner {
	const (
		series = 3000 // about a megabyte, much more than the sockets' buffers can hold
		places = 2
	)
	registry := metric.NewContextRegistry()
	vec := metric.NewGaugeVec(metric.GaugeOpts{Name: "unread", Help: "h"}, []string{"number", "text"})
	registry.MustRegister(vec)
	for i := range series {
		vec.WithLabelValues(fmt.Sprint(i), strings.Repeat("x", 300)).Set(1)
	}
	registry.MustRegister(metrictest.New("unread_stream", metrictest.Flooding(series)).Stream())

	var requests atomic.Int64 // requests that the server is still handling
	handler := metric.HandlerForContext(registry, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, MaxRequestsInFlight: places})
	c := &corner{t: t, name: "reading"}
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		defer requests.Add(-1)
		handler.ServeHTTP(w, r)
	}))
	c.server.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		if tcp, ok := conn.(*net.TCPConn); ok && state == http.StateNew {
			_ = tcp.SetWriteBuffer(4096) // The kernel's default also works, but takes longer to fill.
		}
	}
	c.server.Start()

	dead := &deadClients{address: strings.TrimPrefix(c.server.URL, "http://")}
	c.clients = []cornerClient{dead.request, dead.request, dead.request, func(ctx context.Context, client *http.Client) error {
		a, err := c.get(context.WithoutCancel(ctx), client, "/", "60", "")
		if err == nil && a.status != http.StatusOK && a.status != http.StatusServiceUnavailable {
			err = fmt.Errorf("status %d: %.300q", a.status, a.body)
		}
		pause(ctx, 10*time.Millisecond)
		return err
	}}
	c.peace = func(ctx context.Context, client *http.Client) error {
		err := eventually(ctx, time.Minute, func() error {
			if n := requests.Load(); n > 0 {
				return fmt.Errorf("%w: %d requests of clients that do not read", errStillThere, n)
			}
			return nil
		})
		if err == nil {
			_, _, err = c.scrape(ctx, client, "/", "60", "")
		}
		dead.leave()
		return err
	}
	return c
}

// deadClients are clients that do not read.
type deadClients struct {
	address string

	mu    sync.Mutex
	conns []net.Conn
}

// mostDeadClients is the maximum number of deadClients. Another one replaces the oldest.
const mostDeadClients = 20

// request sends a request and leaves the connection open.
func (d *deadClients) request(ctx context.Context, _ *http.Client) error {
	conn, err := new(net.Dialer).DialContext(context.WithoutCancel(ctx), "tcp", d.address)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.conns = append(d.conns, conn)
	if len(d.conns) > mostDeadClients {
		d.conns[0].Close()
		d.conns = d.conns[1:]
	}
	d.mu.Unlock()
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(4096); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n\r\n", d.address); err != nil {
		return err
	}
	pause(ctx, 200*time.Millisecond)
	return nil
}

func (d *deadClients) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.conns {
		conn.Close()
	}
	d.conns = nil
}
