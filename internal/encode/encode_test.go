package encode_test

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/encode"
)

var update = flag.Bool("update", false, "write the golden files")

// write encodes families and counts the refused points.
func write(t testing.TB, opts encode.Options, families []*family) (out []byte, refused int) {
	t.Helper()
	var buf bytes.Buffer
	e := encode.NewEncoder(&buf, opts)
	defer e.Release()
	for _, f := range families {
		if err := e.Family(&f.Family); err != nil {
			t.Fatal(err)
		}
		for i := range f.points {
			var bad *encode.PointError
			switch err := e.Point(&f.points[i]); {
			case errors.As(err, &bad):
				refused++
			case err != nil:
				t.Fatal(err)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), refused
}

// sameVariants returns all combinations of options with which the output is the same as expfmt's.
func sameVariants() map[string]encode.Options {
	return withEscapings(map[string]encode.Options{
		"text":                {Format: encode.Text},
		"openmetrics":         {Format: encode.OpenMetrics},
		"openmetrics-created": {Format: encode.OpenMetrics, CreatedLines: true},
		"protobuf":            {Format: encode.Protobuf},
	})
}

// openMetrics2 are the options for OpenMetrics 2.0.
var openMetrics2 = encode.Options{Format: encode.OpenMetrics2, Linked: encode.NewOpenMetrics2, CreatedLines: true}

// variants returns all combinations of options.
func variants() map[string]encode.Options {
	all := withEscapings(map[string]encode.Options{"openmetrics2": openMetrics2})
	maps.Copy(all, sameVariants())
	return all
}

// formats returns options for each of the formats.
func formats() map[string]encode.Options {
	all := map[string]encode.Options{}
	for _, opts := range []encode.Options{{Format: encode.Text}, {Format: encode.OpenMetrics}, {Format: encode.Protobuf}, openMetrics2} {
		all[opts.Format.String()] = opts
	}
	return all
}

func withEscapings(formats map[string]encode.Options) map[string]encode.Options {
	all := map[string]encode.Options{}
	for name, opts := range formats {
		for _, opts.Escaping = range []common.EscapingScheme{
			common.NoEscaping, common.UnderscoreEscaping, common.DotsEscaping, common.ValueEncodingEscaping,
		} {
			all[name+"-"+opts.Escaping.String()] = opts
		}
	}
	return all
}

// TestGolden compares the output with golden files, which show changes of the output and let readers
// inspect the formats.
func TestGolden(t *testing.T) {
	for _, name := range []string{
		"text-allow-utf-8", "text-underscores", "openmetrics-allow-utf-8", "openmetrics-created-values", "protobuf-dots",
		"openmetrics2-allow-utf-8", "openmetrics2-underscores",
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := write(t, variants()[name], corpus)
			path := filepath.Join("testdata", name+".golden")
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

func TestSameAsExpfmt(t *testing.T) {
	for name, opts := range sameVariants() {
		t.Run(name, func(t *testing.T) {
			same(t, opts, corpus)
			for _, f := range corpus {
				same(t, opts, []*family{f})
			}
		})
	}
}

// same fails the test unless this package and expfmt write the same.
func same(t testing.TB, opts encode.Options, families []*family) {
	t.Helper()
	want, wantRefused := want(t, opts, families)
	got, refused := write(t, opts, families)
	compare(t, got, want)
	if refused != wantRefused {
		t.Errorf("%d points were refused, want %d", refused, wantRefused)
	}
}

// compare reports the first line that differs.
func compare(t testing.TB, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.SplitAfter(got, []byte("\n")), bytes.SplitAfter(want, []byte("\n"))
	for i := range gotLines {
		if i >= len(wantLines) || !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Fatalf("line %d:\n got %q\nwant %q", i+1, gotLines[i], bytes.Join(wantLines[min(i, len(wantLines)):min(i+1, len(wantLines))], nil))
		}
	}
	t.Fatalf("the output ends after line %d", len(gotLines))
}

// TestAbort checks that Abort writes the points so far without a trailer, and that the encoder accepts
// nothing after it.
func TestAbort(t *testing.T) {
	for name, opts := range formats() {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			e := encode.NewEncoder(&buf, opts)
			defer e.Release()
			f := corpus[0]
			if err := errors.Join(e.Family(&f.Family), e.Point(&f.points[0]), e.Abort(), e.Abort(), e.Close()); err != nil {
				t.Fatal(err)
			}
			want, _ := write(t, opts, []*family{{f.Family, f.points[:1]}})
			compare(t, buf.Bytes(), bytes.TrimSuffix(want, []byte("# EOF\n")))
			if e.Family(&f.Family) == nil || e.Point(&f.points[0]) == nil {
				t.Error("it takes more after its end")
			}
		})
	}
}

// TestFlush flushes after every call and checks that the output so far is always complete, and that the
// final output is the same as without flushing.
func TestFlush(t *testing.T) {
	for name, opts := range variants() {
		t.Run(name, func(t *testing.T) {
			var buf bytes.Buffer
			e := encode.NewEncoder(&buf, opts)
			defer e.Release()
			for _, f := range corpus {
				_ = e.Family(&f.Family)
				for i := range f.points {
					_ = e.Point(&f.points[i])
					if err := e.Flush(); err != nil {
						t.Fatal(err)
					}
					if whole := buf.Bytes(); opts.Format != encode.Protobuf && len(whole) > 0 && whole[len(whole)-1] != '\n' {
						t.Fatalf("flushed %q", whole)
					}
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			want, _ := write(t, opts, corpus)
			compare(t, buf.Bytes(), want)
		})
	}
}
