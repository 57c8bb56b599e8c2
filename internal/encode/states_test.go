package encode_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
)

func states(on uint64, names ...string) *model.StateSetValue {
	return &model.StateSetValue{Names: names, On: on}
}

// stateCorpus is an exposition of infos and state sets, which expfmt supports only as gauges.
func stateCorpus() []*family {
	return []*family{
		{model.Family{Name: "build_info", Help: "The program.", Type: model.Info}, []model.Point{
			{Labels: labels("version", "1.2", "z", "say \"hi\""), Value: 1},
		}},
		{model.Family{Name: "nothing_info", NoHelp: true, Type: model.Info}, []model.Point{{Value: 1}}},
		{model.Family{Name: "my.info_info", Help: "UTF-8.", Type: model.Info}, []model.Point{
			{Labels: labels("a.b", "c"), Value: 1, TimestampMs: 1500, HasTimestamp: true},
		}},
		{model.Family{Name: "suffixless", Help: "No suffix.", Type: model.Info}, []model.Point{{Value: 1}}},
		{model.Family{Name: "app_state", Help: "The state.", Type: model.StateSet}, []model.Point{
			{States: states(0b10, "starting", "running", "say \"bye\"")},
		}},
		{model.Family{Name: "disk_state", Help: "With labels.", Type: model.StateSet}, []model.Point{
			{Labels: labels("a", "1", "z", "2"), States: states(0b11, "on", "off")},
			{Labels: labels("a", "2", "z", "\n"), States: states(0, "on", "off"), TimestampMs: 2, HasTimestamp: true},
		}},
		{model.Family{Name: "my.state", Help: "UTF-8.", Type: model.StateSet}, []model.Point{
			{Labels: labels("a.b", "1"), States: states(1, "on")},
		}},
		{model.Family{Name: "none", Help: "No states.", Type: model.StateSet}, []model.Point{{States: states(0)}}},
	}
}

func TestGoldenStates(t *testing.T) {
	all := variants()
	for _, name := range []string{"text-allow-utf-8", "text-underscores", "openmetrics-allow-utf-8", "openmetrics-created-dots", "protobuf-values", "openmetrics2-allow-utf-8", "openmetrics2-underscores"} {
		t.Run(name, func(t *testing.T) {
			got, refused := write(t, all[name], stateCorpus())
			if refused > 0 {
				t.Errorf("%d points were refused", refused)
			}
			path := filepath.Join("testdata", "states-"+name+".golden")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, got, want)
		})
	}
}

// TestStatesAsGauges checks that all formats except OpenMetrics have the gauges that expfmt would
// write.
func TestStatesAsGauges(t *testing.T) {
	var gauges []*family
	for _, f := range stateCorpus() {
		gauge := &family{Family: f.Family}
		gauge.Type = model.Gauge
		for i := range f.points {
			p := &f.points[i]
			if p.States == nil {
				gauge.points = append(gauge.points, *p)
				continue
			}
			var samples model.StateSamples
			for state := range p.States.Names {
				s, err := samples.At(p, f.Reserved(), state)
				if err != nil {
					t.Fatal(err)
				}
				gauge.points = append(gauge.points, s.Clone())
			}
		}
		gauges = append(gauges, gauge)
	}
	for name, opts := range sameVariants() {
		if opts.Format == encode.OpenMetrics {
			continue
		}
		t.Run(name, func(t *testing.T) {
			wanted, _ := want(t, opts, gauges)
			got, _ := write(t, opts, stateCorpus())
			compare(t, got, wanted)
		})
	}
}

func TestRefusedStates(t *testing.T) {
	for _, test := range []struct {
		name, family string
		escaping     common.EscapingScheme
		point        model.Point
		want         string
	}{
		{"a label with the family's name", "s", common.NoEscaping, model.Point{Labels: labels("s", "1"), States: states(0, "on")},
			`label "s" exists already`},
		{"a label with the family's name after escaping", "a.b", common.UnderscoreEscaping,
			model.Point{Labels: labels("a_b", "1"), States: states(0, "on")}, "two or more labels are named a_b after escaping"},
		{"a number", "s", common.NoEscaping, model.Point{Value: 1}, "it is no state set"},
	} {
		for format, opts := range formats() {
			t.Run(test.name+" in "+format, func(t *testing.T) {
				var out strings.Builder
				opts.Escaping = test.escaping
				e := encode.NewEncoder(&out, opts)
				defer e.Release()
				if err := e.Family(&model.Family{Name: test.family, Type: model.StateSet}); err != nil {
					t.Fatal(err)
				}
				if err := e.Point(&test.point); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %s", err, test.want)
				}
				good := model.Point{States: states(1, "on", "off")}
				if err := e.Point(&good); err != nil || e.Series() != 2 {
					t.Errorf("%d series, want 2, and then: %v", e.Series(), err)
				}
			})
		}
	}
}

// TestStatesDoNotAllocate checks that infos and state sets do not allocate, both as single points and in
// batches, as encoders read vectors.
func TestStatesDoNotAllocate(t *testing.T) {
	f := &model.Family{Name: "disk_state", Type: model.StateSet}
	points := []model.Point{
		{Labels: labels("a", "1"), States: states(1, "on", "off")},
		{Labels: labels("a", "2"), States: states(2, "on", "off")},
	}
	for format, opts := range formats() {
		e := encode.NewEncoder(io.Discard, opts)
		if n := testing.AllocsPerRun(100, func() {
			_ = e.Family(f)
			if n, err := e.Batch(points); n != 2 || err != nil {
				t.Errorf("after %d points: %v", n, err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", format, n)
		}
		e.Release()
	}
}
