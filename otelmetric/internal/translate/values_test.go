package translate_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/luxfi/metric/otelmetric/internal/translate"
)

func TestAppendValue(t *testing.T) {
	for _, c := range []struct {
		name  string
		value attribute.Value
		want  string
	}{
		{"nothing", attribute.Value{}, ""},
		{"true", attribute.BoolValue(true), "true"},
		{"false", attribute.BoolValue(false), "false"},
		{"integer", attribute.IntValue(-42), "-42"},
		{"least integer", attribute.Int64Value(math.MinInt64), "-9223372036854775808"},
		{"greatest integer", attribute.Int64Value(math.MaxInt64), "9223372036854775807"},
		{"float", attribute.Float64Value(0.1), "0.1"},
		{"whole float", attribute.Float64Value(3), "3"},
		{"large float", attribute.Float64Value(1e21), "1e+21"},
		{"negative zero", attribute.Float64Value(math.Copysign(0, -1)), "-0"},
		{"NaN", attribute.Float64Value(math.NaN()), "NaN"},
		{"+Inf", attribute.Float64Value(math.Inf(+1)), "Infinity"},
		{"-Inf", attribute.Float64Value(math.Inf(-1)), "-Infinity"},
		{"string", attribute.StringValue("a\n\"ü"), "a\n\"ü"},
		{"string that is not UTF-8", attribute.StringValue("a\xff\xfeb\xff"), "a\uFFFDb\uFFFD"},
		{"bools", attribute.BoolSliceValue([]bool{true, false}), "[true,false]"},
		{"integers", attribute.Int64SliceValue([]int64{1, -2}), "[1,-2]"},
		{"floats", attribute.Float64SliceValue([]float64{1.5, math.Inf(1), math.NaN()}), `[1.5,"Infinity","NaN"]`},
		{"strings", attribute.StringSliceValue([]string{"a", "\"\xff"}), `["a","\"\ufffd"]`},
		{"no strings", attribute.StringSliceValue(nil), "[]"},
		{"bytes", attribute.ByteSliceValue([]byte{0xff, 0}), "/wA="},
		{"values", attribute.SliceValue(attribute.IntValue(1), attribute.StringValue("a"), attribute.Value{}), `[1,"a",null]`},
		{"map", attribute.MapValue(attribute.Int("b", 1), attribute.String("a", "\xff")), `{"a":"\ufffd","b":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(translate.AppendValue([]byte("x="), c.value)); got != "x="+c.want {
				t.Errorf("got %q, want %q after x=", got, c.want)
			}
		})
	}
}

// TestAppendValueIsString compares the texts of many values with OpenTelemetry's own texts. OpenTelemetry's
// exporter uses these.
func TestAppendValueIsString(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	types := make(map[attribute.Type]int)
	for range 20_000 {
		v := randomValue(random, 3)
		types[v.Type()]++
		want := strings.ToValidUTF8(v.String(), "\uFFFD")
		if got := string(translate.AppendValue(nil, v)); got != want {
			t.Fatalf("a %s is %q, want %q", v.Type(), got, want)
		}
	}
	if len(types) != int(attribute.MAP)+1 {
		t.Errorf("values of the types %v, want all", types)
	}
}

// randomValue returns a value of any type, with values nested up to the given depth.
func randomValue(r *rand.Rand, depth int) attribute.Value {
	limit := attribute.MAP + 1
	if depth == 0 {
		limit = attribute.SLICE
	}
	n := r.IntN(5)
	switch attribute.Type(r.IntN(int(limit))) {
	case attribute.BOOL:
		return attribute.BoolValue(r.IntN(2) == 0)
	case attribute.INT64:
		return attribute.Int64Value(randomInt(r))
	case attribute.FLOAT64:
		return attribute.Float64Value(randomFloat(r))
	case attribute.STRING:
		return attribute.StringValue(randomString(r))
	case attribute.BOOLSLICE:
		return attribute.BoolSliceValue(times(n, func() bool { return r.IntN(2) == 0 }))
	case attribute.INT64SLICE:
		return attribute.Int64SliceValue(times(n, func() int64 { return randomInt(r) }))
	case attribute.FLOAT64SLICE:
		return attribute.Float64SliceValue(times(n, func() float64 { return randomFloat(r) }))
	case attribute.STRINGSLICE:
		return attribute.StringSliceValue(times(n, func() string { return randomString(r) }))
	case attribute.BYTESLICE:
		return attribute.ByteSliceValue([]byte(randomString(r)))
	case attribute.SLICE:
		return attribute.SliceValue(times(n, func() attribute.Value { return randomValue(r, depth-1) })...)
	case attribute.MAP:
		return attribute.MapValue(times(n, func() attribute.KeyValue {
			return attribute.KeyValue{Key: attribute.Key(randomString(r)), Value: randomValue(r, depth-1)}
		})...)
	default:
		return attribute.Value{}
	}
}

func times[T any](n int, one func() T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = one()
	}
	return all
}

func randomInt(r *rand.Rand) int64 { return int64(r.Uint64()) >> r.IntN(64) }

// randomFloat returns any float, often a short one, and sometimes NaN or an infinity.
func randomFloat(r *rand.Rand) float64 {
	switch r.IntN(8) {
	case 0:
		return math.Inf(r.IntN(2)*2 - 1)
	case 1:
		return math.NaN()
	case 2, 3:
		return float64(r.IntN(2000)-1000) / 8
	default:
		return math.Float64frombits(r.Uint64())
	}
}

// randomString returns a string that is often not valid UTF-8.
func randomString(r *rand.Rand) string {
	pieces := []string{"a", "ü", "日", "\xff", "\xe6\x97", `"`, `\`, "\n", "\x00", "\u2028", "\uFFFD", ";"}
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func TestAppendValueAllocations(t *testing.T) {
	buf := make([]byte, 0, 128)
	for _, v := range []attribute.Value{
		{}, attribute.BoolValue(true), attribute.Int64Value(math.MinInt64), attribute.Float64Value(-math.Pi * 1e300),
		attribute.Float64Value(math.NaN()), attribute.StringValue("größe"),
	} {
		if n := testing.AllocsPerRun(100, func() { buf = translate.AppendValue(buf[:0], v) }); n > 0 {
			t.Errorf("a %s takes %v allocations", v.Type(), n)
		}
	}
}

// FuzzAppendValue checks that a string becomes a valid label value whatever it contains, and stays
// unchanged if it is valid.
func FuzzAppendValue(f *testing.F) {
	f.Add("a")
	f.Add("\xff\x00")
	f.Fuzz(func(t *testing.T, s string) {
		got := translate.AppendValue([]byte("x"), attribute.StringValue(s))[1:]
		if !utf8.Valid(got) || utf8.ValidString(s) && string(got) != s {
			t.Errorf("%q becomes %q", s, got)
		}
		if slice := translate.AppendValue(nil, attribute.StringSliceValue([]string{s})); !utf8.Valid(slice) || !bytes.HasPrefix(slice, []byte(`["`)) {
			t.Errorf("a slice of %q becomes %q", s, slice)
		}
	})
}
