package remotewrite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq"
	"github.com/luxfi/metric/internal/writereq/writereqtest"
)

// testRecord returns a record with two samples, two native histograms and an exemplar. Version 1.0 cannot
// represent one of the histograms.
func testRecord() *writereq.Record {
	const ms = 1_700_000_000_000
	label := func(name string) []writereqtest.Label {
		return []writereqtest.Label{{Name: "__name__", Value: name}}
	}
	body := writereqtest.EncodeV2(&writereqtest.Request{Series: []writereqtest.Series{
		{Labels: label("a_total"), Samples: []writereqtest.Sample{{Value: 1, Timestamp: ms}}, Exemplars: []writereqtest.Exemplar{{Value: 1, Timestamp: ms}}},
		{Labels: label("b"), Samples: []writereqtest.Sample{{Value: 2, Timestamp: ms}}},
		{Labels: label("c"), Histograms: []writereqtest.Histogram{{Count: 1, Schema: -53, CustomValues: []float64{1}, Timestamp: ms}}},
		{Labels: label("d"), Histograms: []writereqtest.Histogram{{Count: 1, Timestamp: ms}}},
	}})
	return &writereq.Record{Counts: writereq.Counts{Samples: 2, Histograms: 2, Exemplars: 1}, NewestMs: ms, Body: writebody.Compress(nil, body)}
}

// samplesRecord returns a record with only samples, because both versions can represent samples.
func samplesRecord() *writereq.Record {
	body := writereqtest.EncodeV2(&writereqtest.Request{Series: []writereqtest.Series{
		{Labels: []writereqtest.Label{{Name: "__name__", Value: "a"}}, Samples: []writereqtest.Sample{{Value: 1, Timestamp: 1}, {Value: 2, Timestamp: 2}}},
	}})
	return &writereq.Record{Counts: writereq.Counts{Samples: 2}, NewestMs: 2, Body: writebody.Compress(nil, body)}
}

// received is a request that a receiver got.
type received struct {
	method  string
	header  http.Header
	host    string
	version Protocol
	body    []byte
}

// receiver is a server that records requests and lets a function respond to them.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []received
}

func newReceiver(t *testing.T, answer func(http.ResponseWriter, *received)) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		got := received{method: request.Method, header: request.Header, host: request.Host, version: V2}
		if request.Header.Get("X-Prometheus-Remote-Write-Version") == "0.1.0" {
			got.version = V1
		}
		var err error
		if got.body, err = io.ReadAll(request.Body); err != nil {
			t.Errorf("reading a request: %v", err)
		}
		r.mu.Lock()
		r.requests = append(r.requests, got)
		r.mu.Unlock()
		answer(w, &got)
	}))
	t.Cleanup(r.Close)
	return r
}

// all returns the requests since the last call.
func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := r.requests
	r.requests = nil
	return requests
}

func (r *receiver) versions() (versions []Protocol) {
	for _, request := range r.all() {
		versions = append(versions, request.version)
	}
	return versions
}

func (r *received) decode(t *testing.T) *writereqtest.Request {
	t.Helper()
	plain, err := writebody.Decompress(nil, r.body)
	if err != nil {
		t.Fatal(err)
	}
	decode := writereqtest.DecodeV2
	if r.version == V1 {
		decode = writereqtest.DecodeV1
	}
	request, err := decode(plain)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func newTestSender(t *testing.T, target Target) *sender {
	t.Helper()
	s, err := newSender(target, 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// wroteAll sets the headers of a receiver that has written all of testRecord.
func wroteAll(h http.Header) {
	h.Set("X-Prometheus-Remote-Write-Samples-Written", "2")
	h.Set("X-Prometheus-Remote-Write-Histograms-Written", "2")
	h.Set("X-Prometheus-Remote-Write-Exemplars-Written", "1")
}

func TestRequestsOfBothVersions(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ *received) { wroteAll(w.Header()) })
	for _, c := range []struct {
		version                  Protocol
		contentType, versionText string
		series                   int
	}{
		{V1, "application/x-protobuf", "0.1.0", 3},
		{V2, "application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0", 4},
	} {
		custom := http.Header{
			"X-Scope-OrgID": {"tenant"}, "Authorization": {"Bearer abc"}, "host": {"other.example"},
		}
		s := newTestSender(t, Target{URL: r.URL, Protocol: c.version, Header: custom})
		o := s.send(t.Context(), testRecord())
		requests := r.all()
		if len(requests) != 1 || o.bytes != len(requests[0].body) {
			t.Fatalf("%d requests, %+v", len(requests), o)
		}
		got := requests[0]
		for name, want := range map[string]string{
			"Content-Encoding": "snappy", "Content-Type": c.contentType, "X-Prometheus-Remote-Write-Version": c.versionText,
			"User-Agent": "luxfi-metric/devel", "X-Scope-Orgid": "tenant", "Authorization": "Bearer abc",
		} {
			if v := got.header.Values(name); len(v) != 1 || v[0] != want {
				t.Errorf("version %d: header %s is %q, want %q", c.version, name, v, want)
			}
		}
		if got.method != http.MethodPost || got.host != "other.example" {
			t.Errorf("got %s, host %s, %v", got.method, got.host, got.header)
		}
		request := got.decode(t)
		if len(request.Series) != c.series || request.Check() != nil {
			t.Errorf("got %+v, error %v; want %d series", request, request.Check(), c.series)
		}
	}
}

func TestBadTargets(t *testing.T) {
	for name, c := range map[string]struct {
		target Target
		want   string
	}{
		"content type":    {Target{URL: "http://a", Header: http.Header{"content-type": {"text/plain"}}}, "belongs to the protocol"},
		"version":         {Target{URL: "http://a", Header: http.Header{"X-Prometheus-Remote-Write-Version": {"9"}}}, "belongs to the protocol"},
		"user agent":      {Target{URL: "http://a", Header: http.Header{"User-Agent": {"mine"}}}, "belongs to the protocol"},
		"name of header":  {Target{URL: "http://a", Header: http.Header{"a b": nil}}, "no valid name"},
		"value of header": {Target{URL: "http://a", Header: http.Header{"Authorization": {"a\nb"}}}, "control character"},
	} {
		_, err := newSender(c.target, time.Second)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got error %v, want %q", name, err, c.want)
		}
	}
}

func TestDamagedRecord(t *testing.T) {
	r := newReceiver(t, func(http.ResponseWriter, *received) {})
	s := newTestSender(t, Target{URL: r.URL, Protocol: V1})
	for name, body := range map[string][]byte{"no block": {0xff}, "no request": writebody.Compress(nil, []byte{0x80})} {
		o := s.send(t.Context(), &writereq.Record{Counts: writereq.Counts{Samples: 5}, Body: body})
		if o.verdict != rejected || o.failed.Samples != 5 || o.err == nil || !strings.Contains(o.err.Error(), "damaged") {
			t.Errorf("%s: got %+v", name, o)
		}
	}
	if n := len(r.all()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestNothingLeft checks that the sender makes no request for a record that version 1.0 cannot represent at
// all.
func TestNothingLeft(t *testing.T) {
	r := newReceiver(t, func(http.ResponseWriter, *received) {})
	s := newTestSender(t, Target{URL: r.URL, Protocol: V1})
	body := writereqtest.EncodeV2(&writereqtest.Request{Series: []writereqtest.Series{{
		Labels: []writereqtest.Label{{Name: "__name__", Value: "a"}}, Histograms: []writereqtest.Histogram{{Schema: -53}},
	}}})
	o := s.send(t.Context(), &writereq.Record{Counts: writereq.Counts{Histograms: 1}, Body: writebody.Compress(nil, body)})
	if o.verdict != delivered || o.failed != (writereq.Counts{Histograms: 1}) || o.err == nil {
		t.Errorf("got %+v", o)
	}
	if n := len(r.all()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestConnectionIsReused(t *testing.T) {
	addresses := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addresses[r.RemoteAddr] = true // no lock is needed: requests come one after the other
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(bytes.Repeat([]byte("too old "), 2000))
	}))
	defer server.Close()
	s := newTestSender(t, Target{URL: server.URL, Protocol: V2})
	for range 5 {
		o := s.send(t.Context(), testRecord())
		if o.verdict != rejected || len(o.err.Error()) > maxText+100 || !strings.HasPrefix(o.err.Error(), "the receiver answered 400 Bad Request: too old too old") {
			t.Fatalf("got %+v", o)
		}
	}
	if len(addresses) != 1 {
		t.Errorf("%d connections", len(addresses))
	}
}

// TestIdleConnectionIsClosed checks that a receiver that closes connections between requests causes no
// failure, because the sender sends the request again at once.
func TestIdleConnectionIsClosed(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ *received) { wroteAll(w.Header()) })
	s := newTestSender(t, Target{URL: r.URL})
	for i := range 50 {
		if o := s.send(t.Context(), testRecord()); o.verdict != delivered {
			t.Fatalf("request %d: %+v, error %v", i, o, o.err)
		}
		r.CloseClientConnections()
	}
}

func TestTextOfErrors(t *testing.T) {
	for body, want := range map[string]string{
		"":                      "the receiver answered 400 Bad Request",
		"  out of order\n\tx\n": "the receiver answered 400 Bad Request: out of order x",
		"a\x1b[31mb\x00\xffc":   "the receiver answered 400 Bad Request: a [31mb c",
		"password=hunter2":      "the receiver answered 400 Bad Request: password=xxxxx",
	} {
		r := newReceiver(t, func(w http.ResponseWriter, _ *received) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(body))
		})
		if o := newTestSender(t, Target{URL: r.URL}).send(t.Context(), testRecord()); o.err == nil || o.err.Error() != want {
			t.Errorf("%q: got error %v, want %q", body, o.err, want)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	defer silent.Close()
	defer close(release)
	hangsUp := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	defer hangsUp.Close()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	for name, c := range map[string]struct {
		url  string
		ctx  context.Context
		is   error
		text string
	}{
		"refused":  {gone.URL, t.Context(), nil, "refused"},
		"silent":   {silent.URL, t.Context(), context.DeadlineExceeded, "no answer within"},
		"hangs up": {hangsUp.URL, t.Context(), nil, ""},
		"over":     {silent.URL, canceled, context.Canceled, ""},
	} {
		for _, version := range []Protocol{Auto, V1, V2} {
			s := newTestSender(t, Target{URL: strings.Replace(c.url, "//", "//user:secret@", 1), Protocol: version})
			if name == "silent" {
				s.timeout = 20 * time.Millisecond
			}
			o := s.send(c.ctx, samplesRecord())
			if o.verdict != postponed || o.written != (writereq.Counts{}) || o.failed != (writereq.Counts{}) || o.retryAfter != 0 || o.err == nil {
				t.Fatalf("%s: got %+v", name, o)
			}
			if c.is != nil && !errors.Is(o.err, c.is) || !strings.Contains(o.err.Error(), c.text) || strings.Contains(o.err.Error(), "secret") {
				t.Errorf("%s: got error %v", name, o.err)
			}
		}
	}
}

// TestCallerGivesUp checks that a request ends with the caller's context and that this does not count as a
// failure of the receiver.
func TestCallerGivesUp(t *testing.T) {
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	o := newTestSender(t, Target{URL: server.URL, Protocol: V2}).send(ctx, testRecord())
	if o.verdict != postponed || !errors.Is(o.err, context.Canceled) || strings.Contains(o.err.Error(), "no answer") {
		t.Errorf("got %+v", o)
	}
}

// TestBodyIsNotReadAfterwards checks that a transport that keeps the body cannot read memory that is in use
// again.
func TestBodyIsNotReadAfterwards(t *testing.T) {
	var kept io.ReadCloser
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		kept = r.Body
		return nil, errors.New("failed")
	})}
	s := newTestSender(t, Target{URL: "http://a", Client: client})
	if o := s.send(t.Context(), testRecord()); o.verdict != postponed || o.err.Error() != "failed" {
		t.Errorf("got %+v", o)
	}
	if n, err := kept.Read(make([]byte, 10)); n != 0 || err == nil {
		t.Errorf("read %d bytes, error %v", n, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestClientTimeout checks that, on a reused connection, a request does not take three times the timeout of
// the caller's client.
func TestClientTimeout(t *testing.T) {
	var calls atomic.Int32
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		wroteAll(w.Header())
		if calls.Add(1) > 1 {
			<-release
		}
	}))
	defer server.Close()
	defer close(release)
	client := server.Client()
	s := newTestSender(t, Target{URL: server.URL, Client: client})
	if o := s.send(t.Context(), testRecord()); o.verdict != delivered {
		t.Fatalf("got %+v", o)
	}
	s.client.Timeout = 50 * time.Millisecond
	if o := s.send(t.Context(), testRecord()); o.verdict != postponed || calls.Load() != 2 {
		t.Errorf("got %+v after %d calls", o, calls.Load())
	}
}
