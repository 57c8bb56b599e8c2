package remotewrite

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestRedirects checks that the sender either repeats the whole request after a redirect or returns an
// error.
func TestRedirects(t *testing.T) {
	end := newReceiver(t, func(w http.ResponseWriter, _ *received) { wroteAll(w.Header()) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, client := range map[string]*http.Client{"own": nil, "caller's": {}} {
			start := newReceiver(t, func(w http.ResponseWriter, _ *received) {
				w.Header().Set("Location", end.URL)
				w.WriteHeader(status)
			})
			o := newTestSender(t, Target{URL: start.URL, Client: client}).send(t.Context(), testRecord())
			got := end.all()
			if status < 307 {
				if o.verdict != rejected || !strings.Contains(o.err.Error(), "do not keep the method POST") || len(got) != 0 {
					t.Errorf("%d, %s client: got %+v and %d requests", status, name, o, len(got))
				}
				continue
			}
			if o.verdict != delivered || o.err != nil || len(got) != 1 || got[0].method != http.MethodPost {
				t.Fatalf("%d, %s client: got %+v and %d requests", status, name, o, len(got))
			}
			if series := got[0].decode(t).Series; len(series) != 4 || got[0].header.Get("Content-Encoding") != "snappy" {
				t.Errorf("%d, %s client: got %+v", status, name, got[0])
			}
		}
	}
}

func TestRedirectLoop(t *testing.T) {
	var r *receiver
	r = newReceiver(t, func(w http.ResponseWriter, _ *received) {
		w.Header().Set("Location", r.URL)
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	o := newTestSender(t, Target{URL: r.URL}).send(t.Context(), testRecord())
	if n := len(r.all()); o.verdict != rejected || n != maxRedirects {
		t.Errorf("got %+v after %d requests", o, n)
	}
}

// TestRedirectKeepsSecrets checks that the target's header is sent only to the same host.
func TestRedirectKeepsSecrets(t *testing.T) {
	end := newReceiver(t, func(w http.ResponseWriter, _ *received) { wroteAll(w.Header()) })
	for url, want := range map[string]string{end.URL: "tenant", strings.Replace(end.URL, "127.0.0.1", "localhost", 1): ""} {
		start := newReceiver(t, func(w http.ResponseWriter, _ *received) {
			w.Header().Set("Location", url)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		s := newTestSender(t, Target{URL: start.URL, Header: http.Header{"X-Scope-OrgID": {"tenant"}}})
		o := s.send(t.Context(), testRecord())
		got := end.all()
		if o.verdict != delivered || len(got) != 1 || got[0].header.Get("X-Scope-OrgID") != want || got[0].header.Get("User-Agent") == "" {
			t.Errorf("%s: got %+v, %+v", url, o, got)
		}
	}
}

// TestCallersClient checks that the caller's client is used and not changed.
func TestCallersClient(t *testing.T) {
	end := newReceiver(t, func(w http.ResponseWriter, _ *received) { wroteAll(w.Header()) })
	start := newReceiver(t, func(w http.ResponseWriter, _ *received) {
		w.Header().Set("Location", end.URL)
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	var hosts []string
	refuse := errors.New("no redirects here")
	client := &http.Client{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			return http.DefaultTransport.RoundTrip(r)
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return refuse },
	}
	o := newTestSender(t, Target{URL: start.URL, Client: client}).send(t.Context(), testRecord())
	if o.verdict != postponed || !errors.Is(o.err, refuse) || !slices.Equal(hosts, []string{start.Listener.Addr().String()}) {
		t.Errorf("got %+v, hosts %q", o, hosts)
	}
	if err := client.CheckRedirect(&http.Request{}, nil); !errors.Is(err, refuse) {
		t.Errorf("the client has changed: %v", err)
	}
}

func TestHTTP2(t *testing.T) {
	var protocol string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocol = r.Proto
		wroteAll(w.Header())
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	s := newTestSender(t, Target{URL: server.URL})
	s.client.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	if o := s.send(t.Context(), testRecord()); o.verdict != delivered || o.err != nil || protocol != "HTTP/2.0" {
		t.Errorf("got %+v by %s", o, protocol)
	}
	// A certificate that is not trusted may be replaced, so the record must stay in the queue.
	if o := newTestSender(t, Target{URL: server.URL}).send(t.Context(), testRecord()); o.verdict != postponed || !strings.Contains(o.err.Error(), "certificate") {
		t.Errorf("got %+v", o)
	}
}

// TestDefaultTransport checks that newClient does not change the default transport and works without it.
func TestDefaultTransport(t *testing.T) {
	before := http.DefaultTransport.(*http.Transport)
	idle := before.MaxIdleConnsPerHost
	if own := newClient().Transport.(*http.Transport); own == before || own.MaxIdleConnsPerHost != maxIdle || before.MaxIdleConnsPerHost != idle {
		t.Error("the default transport is shared")
	}
	http.DefaultTransport = roundTripper(nil)
	defer func() { http.DefaultTransport = before }()
	if own, ok := newClient().Transport.(*http.Transport); !ok || own.Proxy == nil {
		t.Errorf("got %T", own)
	}
}
