//go:build e2e

package browser

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard"
	"github.com/luxfi/metric/dashboard/browser/fixture"
)

// site is a program with a dashboard that is served.
type site struct {
	t       testing.TB
	program *fixture.Program
	board   *dashboard.Dashboard
	server  *http.Server
	addr    string // address, with a port that stays the same when the site is stopped and started again
	url     string // URL of the page
}

// everything lists the parts of a program that has everything that the dashboard can show.
var everything = []fixture.Part{fixture.Collectors, fixture.Instruments, fixture.Remote, fixture.Pushes}

// brisk returns options with short intervals, so that tests need not wait long.
func brisk() dashboard.Opts {
	return dashboard.Opts{Title: "shop", Interval: 500 * time.Millisecond, TraceURL: "https://traces.example/{trace_id}"}
}

// newSite starts a program with the given parts and serves its dashboard until the test ends.
func newSite(t *testing.T, opts dashboard.Opts, parts ...fixture.Part) *site {
	t.Helper()
	s := &site{t: t, addr: "127.0.0.1:0"}
	s.start(opts, parts...)
	t.Cleanup(s.stop)
	return s
}

// start starts a program and serves its dashboard.
func (s *site) start(opts dashboard.Opts, parts ...fixture.Part) {
	s.t.Helper()
	s.program = fixture.New(parts...)
	board, err := dashboard.New(s.program.Registry, opts)
	if err != nil {
		s.t.Fatal(err)
	}
	s.board = board
	s.serve(board)
}

// serve serves a handler at the address.
func (s *site) serve(h http.Handler) {
	s.t.Helper()
	var listener net.Listener
	var err error
	for deadline := time.Now().Add(maxWait); ; time.Sleep(50 * time.Millisecond) { // A browser may hold the port for a moment.
		if listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr); err == nil {
			break
		}
		if time.Now().After(deadline) {
			s.t.Fatal(err)
		}
	}
	s.addr = listener.Addr().String()
	s.url = "http://" + s.addr + "/"
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	s.server = server
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.t.Errorf("serving: %v", err)
		}
	}()
}

// stop ends the program and its server. It may be called more than once.
func (s *site) stop() {
	if s.server == nil {
		return
	}
	if err := s.close(); err != nil {
		s.t.Errorf("stopping: %v", err)
	}
}

func (s *site) close() error {
	err := errors.Join(s.server.Close(), s.board.Close(), s.program.Close())
	s.server = nil
	return err
}

// get returns the answer to a request.
func (s *site) get(path string, header http.Header) (status int, body string) {
	s.t.Helper()
	return fetch(s.t, s.url+path, header)
}

func fetch(t testing.TB, url string, header http.Header) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Host = header.Get("Host")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// ask decodes an answer of the API.
func ask[T any](s *site, path string) (answer T) {
	s.t.Helper()
	status, body := s.get("api/"+path, nil)
	if status != http.StatusOK {
		s.t.Fatalf("api/%s: status %d: %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		s.t.Fatalf("api/%s: %v: %.300s", path, err, body)
	}
	return answer
}

// common is a site that tests share if they do not change it.
var common struct {
	once sync.Once
	site *site
}

// commonSite returns a site that has everything and records its history.
func commonSite(t *testing.T) *site {
	t.Helper()
	needBrowser(t)
	common.once.Do(func() {
		opts := brisk()
		opts.History, opts.HistoryInterval = 15*time.Minute, 500*time.Millisecond
		common.site = &site{t: t, addr: "127.0.0.1:0"}
		common.site.start(opts, append(everything[:len(everything):len(everything)], fixture.Evil)...)
	})
	if common.site.server == nil {
		t.Fatal("the common site has not started")
	}
	return &site{t: t, program: common.site.program, board: common.site.board, server: common.site.server, addr: common.site.addr, url: common.site.url}
}
