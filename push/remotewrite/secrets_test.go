package remotewrite_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// TestURLKeepsSecrets checks that Status, metrics and errors do not reveal the credentials of a URL. All of
// them contain the German word geheim (secret).
func TestURLKeepsSecrets(t *testing.T) {
	for url, want := range map[string]string{
		"http://user:geheim@h/w":            "http://user:xxxxx@h/w",
		"http://geheim@h/w":                 "http://xxxxx@h/w",
		"http://h/w?key=geheim&a=geheim":    "http://h/w?a=xxxxx&key=xxxxx",
		"http://h/w?geheim\xff=geheim;\xff": "http://h/w",
		"http://h/w?a=\xff":                 "http://h/w?a=xxxxx",
	} {
		p, err := remotewrite.New(url, registryOf(newCounter("x")), remotewrite.Opts{})
		if err != nil {
			t.Errorf("%q: %v", url, err)
			continue
		}
		if got := p.Status()[0].URL; got != want {
			t.Errorf("%q: got the URL %q, want %q", url, got, want)
		}
		families, err := registryOf(p).Gather()
		if text := fmt.Sprint(families, p.Status(), err); err != nil || strings.Contains(text, "geheim") {
			t.Errorf("%q: the metrics are %s", url, text)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = p.Close(ctx)
		_, err = remotewrite.New(url, registryOf(), remotewrite.Opts{Target: remotewrite.Target{Protocol: 7}})
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: got the error %v", url, err)
		}
	}
}

// TestNetworkErrors checks that the quoted text of a network error is short and contains no credentials,
// and that errors.As still finds the original error.
func TestNetworkErrors(t *testing.T) { synctest.Test(t, testNetworkErrors) }

func testNetworkErrors(t *testing.T) {
	r := newReceiver(t)
	r.answer = func(*http.Request, int) (*http.Response, error) {
		return nil, fmt.Errorf("invalid proxy address \"http://user:geheim@proxy\"\n%w %s", errTest, strings.Repeat("x", 1<<20))
	}
	p := newPusher(t, r, registryOf(newCounter("x")), remotewrite.Opts{})
	err := p.Push(t.Context())
	if !errors.Is(err, errTest) {
		t.Fatalf("got %v, want an error that wraps the network's", err)
	}
	if text := err.Error(); strings.Contains(text, "geheim") || len(text) > 10<<10 {
		t.Errorf("the error has %d bytes: %.300s", len(text), text)
	}
}

// TestShortMaxBackoff checks that the default of MinBackoff does not exceed MaxBackoff.
func TestShortMaxBackoff(t *testing.T) {
	newPusher(t, newReceiver(t), metric.NewContextRegistry(), remotewrite.Opts{MaxBackoff: time.Millisecond})
}
