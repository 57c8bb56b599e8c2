package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stream"
)

// produce has several streams send families of several chunks each at once.
func produce(t *testing.T, m *stream.Mixer, w io.Writer) (families map[string]int) {
	t.Helper()
	families = map[string]int{}
	for s := range 4 {
		out := m.Open()
		for f := range 3 {
			families[fmt.Sprintf("s%d_f%d", s, f)] = 200
		}
		go func() {
			defer out.Close()
			for f := range 3 {
				p := &producer{sink: out, family: gauge(fmt.Sprintf("s%d_f%d", s, f))}
				if err := p.send(200); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	if err := m.Drain(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	return families
}

func TestFamiliesStayTogether(t *testing.T) {
	for _, opts := range []encode.Options{
		{Format: encode.Text}, {Format: encode.OpenMetrics}, {Format: encode.OpenMetrics2, Linked: encode.NewOpenMetrics2},
	} {
		t.Run(opts.Format.String(), func(t *testing.T) {
			var w bytes.Buffer
			m := stream.NewMixer(opts)
			families := produce(t, m, &w)
			whole(t, w.Bytes(), families)
			if strings.Contains(w.String(), "# EOF") {
				t.Error("there may be more to come, but # EOF is there")
			}
			if !m.Begun("s0_f0") || m.Begun("s0") {
				t.Error("it does not know what was begun")
			}
		})
	}
	t.Run(encode.Protobuf.String(), func(t *testing.T) {
		var w bytes.Buffer
		families := produce(t, stream.NewMixer(encode.Options{Format: encode.Protobuf}), &w)
		for w.Len() > 0 {
			var mf dto.MetricFamily
			if err := protodelim.UnmarshalFrom(&w, &mf); err != nil {
				t.Fatal(err)
			}
			if n := families[mf.GetName()]; len(mf.Metric) != n {
				t.Errorf("%s has %d metrics, want %d", mf.GetName(), len(mf.Metric), n)
			}
			delete(families, mf.GetName())
		}
		if len(families) > 0 {
			t.Errorf("missing: %v", families)
		}
	})
}

func TestNoStreams(t *testing.T) {
	if err := text().Drain(t.Context(), &gone{}); err != nil {
		t.Error(err)
	}
}

// TestLeftOut checks that an unsuitable sample costs only itself.
func TestLeftOut(t *testing.T) {
	m := stream.NewMixer(encode.Options{Format: encode.OpenMetrics})
	a, b := m.Open(), m.Open()
	float := &model.Point{Histogram: &model.HistogramValue{CountFloat: 0.5}}
	one := &model.Point{Value: 1}
	steps := []struct {
		out    *stream.Stream
		family model.Family
		point  *model.Point
		want   string // the error, or ""
	}{
		{a, model.Family{Name: "a"}, one, ""},
		{a, model.Family{Name: "a"}, one, ""}, // another struct with the same content
		{a, model.Family{Name: "a", Type: model.Gauge}, one, `family "a" has a sample that has type GAUGE but should have UNTYPED`},
		{a, model.Family{Name: "a", Help: "x"}, one, ""}, // The mixer notes this one and the next.
		{a, model.Family{Name: "a", Unit: "x"}, one, ""},
		{a, model.Family{Name: "b"}, one, ""},
		{a, model.Family{Name: "a"}, one, `the samples of family "a" must be written together, but others came between`},
		{b, model.Family{Name: "a"}, one, `family "a" was left out, since another stream collector has written one with this name`},
		{b, model.Family{Name: "c", Type: model.Histogram}, float, "c{} cannot be written in OpenMetrics: histograms with float counts are not supported"},
		{b, model.Family{Name: "d"}, one, ""},
	}
	for i, step := range steps {
		err := step.out.Sample(&step.family, step.point)
		if err == nil && step.want != "" || err != nil && err.Error() != step.want {
			t.Errorf("step %d: got %v, want %s", i, err, step.want)
		}
		if err != nil {
			step.out.Drop(err)
		}
	}
	a.Close()
	b.Close()
	if bad := new(encode.PointError); !errors.As(b.Dropped().Errors()[1], &bad) {
		t.Errorf("got %v", b.Dropped().Errors())
	}
	if a.Dropped().Count() != 2 || len(a.Dropped().Errors()) != 2 || b.Dropped().Count() != 2 {
		t.Errorf("dropped %v and %v", a.Dropped().Errors(), b.Dropped().Errors())
	}
	notes := `[family "a" has a sample with help "x" but should have "" family "a" has a sample with unit "x" but should have ""]`
	if got := fmt.Sprint(a.Notes()); got != notes || len(b.Notes()) != 0 {
		t.Errorf("noted %v and %v", got, b.Notes())
	}
	var w bytes.Buffer
	if err := m.Drain(t.Context(), &w); err != nil {
		t.Fatal(err)
	}
	want := "# HELP a \n# TYPE a unknown\na 1.0\na 1.0\na 1.0\na 1.0\n# HELP b \n# TYPE b unknown\nb 1.0\n# HELP d \n# TYPE d unknown\nd 1.0\n"
	if w.String() != want {
		t.Errorf("got %s", w.String())
	}
}

// TestDroppedIsBounded checks that the memory for a million errors is bounded.
func TestDroppedIsBounded(t *testing.T) {
	m := text()
	out := m.Open()
	for i := range 1000 {
		out.Drop(fmt.Errorf("error %d", i))
	}
	out.Close()
	errs := out.Dropped().Errors()
	if len(errs) != 51 || errs[49].Error() != "error 49" || errs[50].Error() != "950 more samples were left out" {
		t.Errorf("%d errors, the last is %v", len(errs), errs[len(errs)-1])
	}
	if n := out.Dropped().Count(); n != 1000 {
		t.Errorf("%d are counted", n)
	}
}

// TestConcurrentSafe checks that streams may be written to, drained and closed concurrently.
func TestConcurrentSafe(t *testing.T) {
	for range 20 {
		m := text()
		outs := make([]*stream.Stream, 4)
		for i := range outs {
			outs[i] = m.Open()
		}
		var all sync.WaitGroup
		for i, out := range outs {
			f := gauge(fmt.Sprint("f", i))
			for range 2 {
				all.Go(func() {
					for n := range 300 {
						if err := out.Sample(f, point(n)); err != nil {
							if err != engine.ErrAbandoned { //nolint:errorlint // Sinks document it.
								t.Error(err)
							}
							return
						}
						if n == 150 && i%2 == 0 {
							out.Close()
						}
					}
					out.Drop(errGone)
				})
			}
			all.Go(func() {
				_, _ = out.Dropped(), m.Begun("f0")
			})
		}
		go func() {
			all.Wait()
			for _, out := range outs {
				out.Close()
			}
		}()
		if err := m.Drain(t.Context(), io.Discard); err != nil {
			t.Error(err)
		}
		all.Wait()
	}
}
