package store

import (
	"encoding/binary"
	"math"
	"testing"
)

// FuzzColumn records numbers and compares them with the decoded ones, both before and after the recording is
// sealed.
func FuzzColumn(f *testing.F) {
	add := func(numbers ...float64) {
		var data []byte
		for _, n := range numbers {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(n))
		}
		f.Add(data, uint16(1), uint8(1))
		f.Add(data, uint16(90), uint8(2))
	}
	add(1, 2, 3, 3, 3, Missing, 3, Missing, Missing, -40, 1e300, 5e-324)
	add(0, math.Copysign(0, -1), 0, math.NaN(), math.Inf(1), math.Inf(-1), 1<<53, 1<<53+2, 0.1, 0.2)
	add(Missing, 31, 0, 32, 0, -32, 0, -33)
	f.Fuzz(func(t *testing.T, data []byte, repeat uint16, skip uint8) {
		var want []float64
		for ; len(data) >= 8; data = data[8:] {
			n := math.Float64frombits(binary.LittleEndian.Uint64(data))
			for range 1 + repeat%100*uint16(data[0]&1) {
				want = append(want, n)
			}
		}
		decode(data, 0, make([]float64, 50)) // must accept any data

		r := newRecording(0)
		for i, n := range want {
			r.record(int64(i), []float64{Missing, n})
		}
		skipped := min(int(skip), len(want))
		got := make([]float64, len(want)-skipped)
		check := func(how string) {
			t.Helper()
			for i, n := range got {
				if w := want[skipped+i]; math.Float64bits(n) != math.Float64bits(w) {
					t.Fatalf("%s: number %d is %v (%x), want %v (%x)", how, skipped+i, n, math.Float64bits(n), w, math.Float64bits(w))
				}
			}
		}
		if len(r.columns) > 1 {
			decode(r.columns[1].appendTo(nil, r.chunks), skipped, got)
			check("recorded")
		}
		clear(got)
		decode(r.seal().column(1), skipped, got)
		check("sealed")
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x3f, 1, 2}, uint8(0))
	f.Add([]byte{0x38, 1, 2, 3, 4, 5, 6, 7, 8, 0xbf, 0xff}, uint8(2))
	f.Fuzz(func(_ *testing.T, data []byte, skip uint8) {
		decode(data, int(skip), make([]float64, 100))
	})
}

// TestLongRuns checks that numbers that rarely change take few bytes.
func TestLongRuns(t *testing.T) {
	const ticks = 200_000
	r := newRecording(2)
	numbers := []float64{7, Missing}
	for i := range ticks {
		if i == ticks-1 {
			numbers[1] = 8
		}
		r.record(int64(i), numbers)
	}
	g := r.seal()
	for i, want := range []float64{7, 8} {
		var got [1]float64
		decode(g.column(int32(i)), ticks-1, got[:])
		if got[0] != want {
			t.Errorf("column %d ends with %v, want %v", i, got[0], want)
		}
	}
	if len(g.data) > 50 {
		t.Errorf("two runs of %d ticks take %d bytes, want at most 50", ticks, len(g.data))
	}
}
