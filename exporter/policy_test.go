package exporter

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// nothing returns a collector without metrics.
func nothing() metric.Collector {
	return metric.NewStreamFunc(nil, nil)
}

// TestPolicyCheckAgreesWithRegistration checks that check refuses the policies that registries refuse.
func TestPolicyCheckAgreesWithRegistration(t *testing.T) {
	group := metric.NewGroup("g", 1)
	random := rand.New(rand.NewPCG(1, 2))
	times := []time.Duration{0, 0, 0, -time.Second, 1, time.Second, time.Minute, time.Hour}
	numbers := []int{0, 0, -1, 1, 5}
	pick := func() time.Duration { return times[random.IntN(len(times))] }
	number := func() int { return numbers[random.IntN(len(numbers))] }
	for range 5000 {
		p := Policy{
			Timeout: pick(), Cache: pick(), Stale: pick(), Background: pick(),
			Breaker: Breaker{number(), pick()}, RateLimit: RateLimit{pick(), number()}, Priority: metric.Priority(number()),
		}
		if random.IntN(2) == 0 {
			p.Group = "g"
		}
		if random.IntN(2) == 0 {
			p.Breaker, p.RateLimit = Breaker{}, RateLimit{}
		}
		registry := metric.NewContextRegistry()
		refused := registry.RegisterWith(nothing(), p.options(func(string) *metric.Group { return group })...)
		_ = registry.Close()
		endless := p.RateLimit.Every <= 0 && p.RateLimit.Burst > 0 // rate.Every treats such an interval as no limit.
		if err := p.check(); (err == nil) != (refused == nil && !endless) {
			t.Fatalf("%+v: check says %v, the registry %v", p, err, refused)
		}
	}
}

func TestPolicyCheck(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy Policy
		want   []string
	}{
		{"zero", Policy{}, nil},
		{"negative", Policy{Timeout: -time.Second, Cache: -1}, []string{"timeout -1s: must be positive, or 0", "cache -1ns: "}},
		{"cache and background", Policy{Cache: time.Second, Background: time.Minute}, []string{"cache 1s and background 1m0s: only one"}},
		{"stale", Policy{Cache: time.Minute, Stale: time.Second}, []string{"stale 1s and cache 1m0s: stale must be longer"}},
		{"breaker", Policy{Breaker: Breaker{Failures: 3}}, []string{"breaker with failures 3 and cooldown 0s: both must be positive"}},
		{"rate limit", Policy{RateLimit: RateLimit{Burst: 3}}, []string{"rate_limit with every 0s and burst 3: both must be positive"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.policy.check()
			if (err == nil) != (tc.want == nil) {
				t.Fatalf("got %v", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %s", err, want)
				}
			}
		})
	}
}

// wholePolicy has all parts of a policy.
var wholePolicy = Policy{
	Timeout: 5 * time.Second, Stale: time.Hour, Background: 10 * time.Minute, Cache: 0,
	Breaker: Breaker{5, time.Minute}, RateLimit: RateLimit{10 * time.Second, 1}, Group: "databases", Priority: metric.PriorityCritical,
}

func decodeChange(text string) (c policyChange, err error) {
	n, err := strictyaml.Parse("c.yml", []byte(text))
	if err != nil {
		return c, err
	}
	err = strictyaml.Decode("c.yml", n, &c)
	return c, err
}

func TestPolicyChange(t *testing.T) {
	before := Policy{Timeout: time.Second, Cache: time.Minute, Breaker: Breaker{1, time.Second}, Group: "g", Priority: 7}
	for _, tc := range []struct {
		name, yaml, flag string
		want             Policy
	}{
		{"all parts", "timeout: 5s\ncache: 0\nstale: 1h\nbackground: 10m\nbreaker: {failures: 5, cooldown: 1m}\n" +
			"rate_limit: {every: 10s}\ngroup: databases\npriority: critical\n",
			"timeout=5s,cache=0,stale=1h,background=10m,breaker=5/1m,rate_limit=1/10s,group=databases,priority=critical", wholePolicy},
		{"one part", "timeout: 1d", "timeout=1d", Policy{24 * time.Hour, time.Minute, 0, 0, Breaker{1, time.Second}, RateLimit{}, "g", 7}},
		{"turning off", "breaker: 0\nrate_limit: 0\ngroup: ''\npriority: 0\ntimeout: 0", "breaker=0,rate_limit=0,group=,priority=normal,timeout=0",
			Policy{Cache: time.Minute}},
		{"turning off in other words", "breaker: {}\nrate_limit: {every: 0}\ngroup: ''\npriority: normal\ntimeout: 0s", "breaker=0,group=,priority=0,timeout=0s",
			Policy{Cache: time.Minute}},
		{"burst", "rate_limit: {every: 1s, burst: 3}\npriority: -3", "rate_limit=3/1s,priority=-3",
			Policy{time.Second, time.Minute, 0, 0, Breaker{1, time.Second}, RateLimit{time.Second, 3}, "g", -3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := decodeChange(tc.yaml)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.apply(before); got != tc.want {
				t.Errorf("the file makes it %+v, want %+v", got, tc.want)
			}
			collector, f, err := parsePolicyFlag("a:" + tc.flag)
			if err != nil || collector != "a" {
				t.Fatalf("for %q: %v", collector, err)
			}
			if got := f.apply(before); got != tc.want {
				t.Errorf("the flag makes it %+v, want %+v", got, tc.want)
			}
		})
	}
	if got := (policyChange{}).apply(before); got != before {
		t.Errorf("no change makes it %+v", got)
	}
}

func TestPolicyYAMLErrors(t *testing.T) {
	for text, want := range map[string]string{
		"timeout: 5":                             `c.yml:1: timeout: "5" has no unit; allowed are durations such as 500ms, 5s, 1h30m or 1d`,
		"stale: -5s":                             `c.yml:1: stale: "-5s" is negative; `,
		"cachee: 5s":                             `c.yml:1: cachee: unknown key, did you mean cache? allowed are: background, breaker, cache, group, priority, rate_limit, stale, timeout`,
		"breaker: 5":                             `c.yml:1: breaker: must be a mapping such as {failures: 5, cooldown: 1m}, or 0 to turn it off`,
		"breaker:\n  failures: x\n  cooldown: 1": "c.yml:2: breaker.failures: \"x\" is not an integer\nc.yml:3: breaker.cooldown: \"1\" has no unit",
		"breaker: {failures: 5}":                 `c.yml:1: breaker: breaker with failures 5 and cooldown 0s: both must be positive`,
		"breaker: {failure: 5, cooldown: 1s}":    `c.yml:1: breaker.failure: unknown key, did you mean failures? allowed are: cooldown, failures`,
		"rate_limit: {burst: 5}":                 `c.yml:1: rate_limit: rate_limit with every 0s and burst 5`,
		"priority: high":                         `c.yml:1: priority: "high" is not a priority; allowed are low, normal, critical, or an integer`,
		"group: [a]":                             `c.yml:1: group: must be a single value, not a list`,
	} {
		_, err := decodeChange(text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func TestPolicyFlagErrors(t *testing.T) {
	for text, want := range map[string][]string{
		"":                         {`policy "": must have the form collector:part=value`},
		"a":                        {`must have the form`},
		":timeout=5s":              {`must have the form`},
		"a:":                       {`parts are timeout, cache,`},
		"a:timeout":                {`"timeout" has no value`},
		"a:timeout=5":              {`policy "a:timeout=5": timeout: "5" has no unit`},
		"a:timeot=5s,cache=x":      {`"timeot": unknown part, did you mean timeout? allowed are: timeout, cache`, `cache: "x" is not a duration`},
		"a:timeout=5s,timeout=5s":  {`timeout: it is given twice`},
		"a:breaker=5":              {`breaker: "5" is not failures/cooldown, such as 5/1m, or 0`},
		"a:breaker=5/0":            {`both numbers must be positive`},
		"a:breaker=-5/1s":          {`both numbers must be positive`},
		"a:rate_limit=10s/1":       {`rate_limit: "10s/1" is not burst/every, such as 1/10s`},
		"a:rate_limit=1/10":        {`rate_limit: "10" has no unit`},
		"a:priority=high,cache=1s": {`priority: "high" is not a priority`},
	} {
		_, c, err := parsePolicyFlag(text)
		if err == nil || !reflect.DeepEqual(c, policyChange{}) {
			t.Errorf("%q: got %+v, %v", text, c, err)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v does not say %s", text, err, part)
			}
		}
	}
}

func FuzzParsePolicyFlag(f *testing.F) {
	f.Add("a:timeout=5s,cache=0,stale=1h,background=10m,breaker=5/1m,rate_limit=1/10s,group=databases,priority=critical")
	f.Add("*:timeout=")
	f.Fuzz(func(t *testing.T, text string) {
		collector, c, err := parsePolicyFlag(text)
		if err == nil && (collector == "" || reflect.DeepEqual(c, policyChange{})) {
			t.Errorf("%q changes nothing", text)
		}
		if err == nil {
			_ = fmt.Sprint(c.apply(Policy{}).check())
		}
	})
}
