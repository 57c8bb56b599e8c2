package encode

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// wantFloat returns the output of expfmt for v.
func wantFloat(v float64) string {
	if v == 0 {
		return "0" // A negative zero loses its sign.
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func checkFloat(t *testing.T, v float64) {
	t.Helper()
	want := wantFloat(v)
	if got := string(appendFloat([]byte("x"), v)); got != "x"+want {
		t.Fatalf("%x: got %s, want x%s", math.Float64bits(v), got, want)
	}
	if !strings.ContainsAny(want, ".eIN") {
		want += ".0"
	}
	if got := string(appendFloatWithPoint(nil, v)); got != want {
		t.Fatalf("%x: got %s, want %s", math.Float64bits(v), got, want)
	}
}

// TestFloats tests numbers around each number at which the notation or the algorithm changes.
func TestFloats(t *testing.T) {
	borders := []float64{0, 1, 10, 1 << 53, 1 << 63, 1 << 64, math.MaxFloat64, math.Inf(+1), math.SmallestNonzeroFloat64, 0.3, 2.0 / 3}
	for exp := -30; exp < 30; exp++ {
		borders = append(borders, math.Pow10(exp), 0.5*math.Pow10(exp), 1.5*math.Pow10(exp))
	}
	for _, border := range borders {
		up, down := border, border
		for range 100 {
			for _, v := range []float64{up, down, -up, -down} {
				checkFloat(t, v)
			}
			up, down = math.Nextafter(up, math.Inf(+1)), math.Nextafter(down, math.Inf(-1))
		}
		for n := -20.0; n <= 20; n++ {
			checkFloat(t, border+n)
			checkFloat(t, border+n/1e3)
			checkFloat(t, border+n/1e6)
			checkFloat(t, border+n/1e7)
		}
	}
	checkFloat(t, math.NaN())
}

func TestRandomFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300_000 {
		checkFloat(t, math.Float64frombits(r.Uint64()))
		checkFloat(t, float64(r.Int64()>>r.IntN(64)))
		checkFloat(t, float64(r.Int64()>>r.IntN(64))/math.Pow10(r.IntN(20)))
		checkFloat(t, r.NormFloat64()*math.Pow10(r.IntN(20)-8))
	}
}

func FuzzFloat(f *testing.F) {
	f.Add(0.1, int64(123), uint8(3))
	f.Add(1e6, int64(-1e15), uint8(6))
	f.Fuzz(func(t *testing.T, v float64, n int64, decimals uint8) {
		checkFloat(t, v)
		checkFloat(t, float64(n))
		checkFloat(t, float64(n)/math.Pow10(int(decimals%20)))
	})
}

func FuzzEscapedName(f *testing.F) {
	for _, name := range []string{"a.b", "1a", "ä_b", "", "\xff", "\U0010FFFF", "a:b c", "__name__."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if model.IsLegacyName(name) || name == "" {
			return
		}
		for _, scheme := range []common.EscapingScheme{common.UnderscoreEscaping, common.DotsEscaping, common.ValueEncodingEscaping} {
			if got, want := (naming.Scheme{Escaping: scheme}).Name(name), common.EscapeName(name, scheme); got != want {
				t.Errorf("%s: got %q, want %q", scheme, got, want)
			}
		}
	})
}

// TestWholeFloats tests whole numbers of one to nine digits, with zeros at all positions. eightDigits
// computes up to eight digits at once, so nine digits need another algorithm.
func TestWholeFloats(t *testing.T) {
	for n := 1; n < 1_000_000_000; n += 1 + n/1000 {
		checkFloat(t, float64(n))
		for scale := 10; scale < 100_000_000; scale *= 10 {
			checkFloat(t, float64(n/scale*scale))
			checkFloat(t, float64(-n%scale))
		}
	}
}
