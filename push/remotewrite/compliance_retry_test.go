package remotewrite_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/push/remotewrite"
)

// sameSample reports whether the requests i and j have the same sample of the gauge.
func (r *complianceResult) sameSample(t *testing.T, i, j int) bool {
	t.Helper()
	if max(i, j) >= len(r.requests) {
		t.Fatalf("%d requests", len(r.requests))
	}
	a, b := r.requests[i].Find("gauge"), r.requests[j].Find("gauge")
	if a == nil || b == nil {
		t.Fatal("a request without the gauge")
	}
	return a.Samples[0] == b.Samples[0]
}

// retryCases returns the cases for responses that report a failure.
func retryCases() (cases []complianceCase) {
	for _, status := range []int{0, 429, 500, 502, 503, 504, 599} { // 0 closes the connection.
		cases = append(cases, complianceCase{
			name: fmt.Sprintf("retry after %d", status), pushes: 2, register: oneGauge, answers: []complianceAnswer{{status: status}, {status: status}},
			check: func(t *testing.T, got *complianceResult) {
				if want := []int{status, status, 204, 204}; !slices.Equal(got.statuses(), want) || got.errs[0] != nil {
					t.Fatalf("got answers %d, errors %v; want %d", got.statuses(), got.errs, want)
				}
				if !got.sameSample(t, 0, 1) || !got.sameSample(t, 1, 2) || got.sameSample(t, 2, 3) {
					t.Errorf("got %+v", got.requests)
				}
				got.want(t, map[string][]float64{"gauge": {42, 42}})
			},
		})
	}
	const reason = "Error: Invalid label name '__invalid__'"
	for _, status := range []int{400, 401, 404, 413, 422} {
		cases = append(cases, complianceCase{
			name: fmt.Sprintf("no retry after %d", status), pushes: 2, register: oneGauge, answers: []complianceAnswer{{status: status, body: reason}},
			check: func(t *testing.T, got *complianceResult) {
				if want := []int{status, 204}; !slices.Equal(got.statuses(), want) || got.sameSample(t, 0, 1) {
					t.Fatalf("got answers %d, want %d; %+v", got.statuses(), want, got.requests)
				}
				if err := got.errs[0]; err == nil || !strings.Contains(err.Error(), reason) {
					t.Errorf("got error %v, want %s", err, reason)
				}
				if got.errs[1] != nil {
					t.Errorf("got error %v", got.errs[1])
				}
			},
		})
	}
	return append(cases,
		complianceCase{
			name: "Retry-After", register: oneGauge, answers: []complianceAnswer{{status: 429, retryAfter: "1"}},
			check: func(t *testing.T, got *complianceResult) {
				if len(got.requests) != 2 || got.requests[1].at.Sub(got.requests[0].at) < time.Second {
					t.Errorf("got answers %d", got.statuses())
				}
			},
		},
		complianceCase{
			name: "back-off", register: oneGauge, opts: remotewrite.Opts{MinBackoff: 10 * time.Millisecond, MaxBackoff: time.Second},
			answers: []complianceAnswer{{status: 503}, {status: 503}, {status: 503}, {status: 503}},
			check: func(t *testing.T, got *complianceResult) {
				const ms = time.Millisecond
				for i, least := range []time.Duration{10 * ms, 20 * ms, 40 * ms, 80 * ms} {
					if rest := got.requests[i+1].at.Sub(got.requests[i].at); rest < least {
						t.Errorf("request %d came after %v", i+1, rest)
					}
				}
			},
		},
		complianceCase{
			name: "response 200 with a body", register: oneGauge, answers: []complianceAnswer{{status: 200, body: "This is to be ignored."}}, check: checkSuccess,
		},
		complianceCase{name: "response 204", register: oneGauge, check: checkSuccess},
		complianceCase{
			name: "response with a large body", pushes: 2, register: oneGauge, answers: []complianceAnswer{{status: 400, body: strings.Repeat("detailed error information; ", 40_000)}},
			check: func(t *testing.T, got *complianceResult) {
				if err := got.errs[0]; err == nil || len(err.Error()) > 2000 || got.errs[1] != nil {
					t.Errorf("got errors %v", got.errs)
				}
			},
		},
		complianceCase{
			name: "status 999", pushes: 2, register: oneGauge, answers: []complianceAnswer{{status: 999}},
			check: func(t *testing.T, got *complianceResult) {
				if !slices.Equal(got.statuses(), []int{999, 204}) || got.errs[0] == nil || got.errs[1] != nil {
					t.Errorf("got answers %d, errors %v", got.statuses(), got.errs)
				}
			},
		},
	)
}

func checkSuccess(t *testing.T, got *complianceResult) {
	if len(got.requests) != 1 || got.errs[0] != nil {
		t.Errorf("got answers %d, error %v", got.statuses(), got.errs)
	}
}

// fallbackCases returns the cases for receivers of version 1.0.
func fallbackCases() []complianceCase {
	auto := []remotewrite.Protocol{remotewrite.Auto}
	fellBack := func(t *testing.T, got *complianceResult) {
		var versions []bool
		for _, q := range got.requests {
			versions = append(versions, q.v1)
		}
		if !slices.Equal(versions, []bool{false, true, true, true}) || !got.sameSample(t, 0, 1) {
			t.Errorf("got requests of version 1.0: %v", versions)
		}
		for i, err := range got.errs {
			if err != nil {
				t.Errorf("push %d: %v", i, err)
			}
		}
	}
	return []complianceCase{
		{name: "fallback after 415", versions: auto, pushes: 3, register: oneGauge, answers: []complianceAnswer{{status: 415}}, check: fellBack},
		{name: "fallback after nothing was written", versions: auto, pushes: 3, register: oneGauge, answers: []complianceAnswer{{status: 204, silent: true}}, check: fellBack},
		{
			name: "no fallback after success", versions: auto, pushes: 3, register: oneGauge,
			check: func(t *testing.T, got *complianceResult) {
				for _, q := range got.requests {
					if q.v1 {
						t.Error("got a request of version 1.0")
					}
				}
				got.want(t, map[string][]float64{"gauge": {42, 42, 42}})
			},
		},
		{
			name: "no fallback after other errors", versions: auto, pushes: 2, register: oneGauge, answers: []complianceAnswer{{status: 400}, {status: 500}},
			check: func(t *testing.T, got *complianceResult) {
				for _, q := range got.requests {
					if q.v1 {
						t.Error("got a request of version 1.0")
					}
				}
			},
		},
		{
			name: "no silent loss by version 2.0", versions: []remotewrite.Protocol{remotewrite.V2}, register: oneGauge, answers: []complianceAnswer{{status: 204, silent: true}},
			check: func(t *testing.T, got *complianceResult) {
				if len(got.requests) != 1 || got.errs[0] == nil {
					t.Errorf("got answers %d, errors %v", got.statuses(), got.errs)
				}
			},
		},
	}
}
