package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func recent(h *Handler, method, query string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.Recent().ServeHTTP(w, httptest.NewRequest(method, "/probes?"+query, nil))
	return w
}

// TestRecent checks the page of recent probes: rows, logs, escaping, and no credentials.
func TestRecent(t *testing.T) {
	h := answering(t, "modules: {a: {}}", func(_ context.Context, p *Probe) error {
		if strings.HasPrefix(p.Target, "bad") || strings.Contains(p.Target, "<") {
			return errors.New(`<script>alert("password=swordfish")</script>`)
		}
		return nil
	})
	if body := recent(h, "GET", "").Body.String(); !strings.Contains(body, "no probe yet") {
		t.Errorf("empty page:\n%s", body)
	}
	ask(h, "http://host/?<b>&\"'")
	ask(h, "http://u:swordfish@host/")
	for i := range 3 {
		ask(h, fmt.Sprint("bad", i))
	}
	w := recent(h, "GET", "")
	body := w.Body.String()
	for _, hostile := range []string{"<b>", "<script>", "swordfish"} {
		if strings.Contains(body, hostile) {
			t.Errorf("%q in:\n%s", hostile, body)
		}
	}
	if n := strings.Count(body, "<tr><td>"); n != 5 {
		t.Errorf("%d rows", n)
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(body); style == nil || style[1] != pageStyle {
		t.Error("the style is not the one whose hash the policy has")
	}
	log := recent(h, "GET", "id=5")
	for _, want := range []string{"target: bad2", "result: failure", "Beginning probe"} {
		if !strings.Contains(log.Body.String(), want) {
			t.Errorf("no %q in:\n%s", want, log.Body)
		}
	}
	if log := recent(h, "GET", "id=2").Body.String(); strings.Contains(log, "swordfish") {
		t.Errorf("a credential in:\n%s", log)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := answering(t, "modules: {a: {}}", func(_ context.Context, p *Probe) error {
		if strings.HasPrefix(p.Target, "bad") {
			return errors.New("bad")
		}
		return nil
	})
	for i := range 150 {
		ask(h, fmt.Sprint("bad", i))
	}
	for i := range 200 {
		ask(h, fmt.Sprint("good", i))
	}
	last, failures := h.history.lists()
	if len(last) != kept || last[0].target != "good199" || len(failures) != kept || failures[0].target != "bad149" {
		t.Errorf("%d recent, the latest %v; %d failures, the latest %v", len(last), last[0], len(failures), failures[0])
	}
	if w := recent(h, "GET", "id=150"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "bad149") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestRecentRequests(t *testing.T) {
	h := answering(t, "modules: {a: {}}", up)
	for _, test := range []struct {
		method, query string
		status        int
	}{
		{"GET", "", 200}, {"HEAD", "", 200}, {"POST", "", 405}, {"GET", "id=x", 400}, {"GET", "id=7", 404}, {"GET", "id=-1", 400},
	} {
		if w := recent(h, test.method, test.query); w.Code != test.status {
			t.Errorf("%s ?%s: %d, want %d", test.method, test.query, w.Code, test.status)
		}
	}
}
