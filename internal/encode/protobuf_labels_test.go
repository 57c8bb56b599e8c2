package encode

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
)

// TestLabelCache checks label sets that share some labels with their predecessors.
func TestLabelCache(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "ab", "b", "c.d", "z"}
	values := []string{"", "x", "xx", "x\"", "\\", "y\n", string(make([]byte, 130))}
	var cache labelCache
	buf := []byte("before")
	for range 100_000 {
		// Few values make runs of equal labels.
		kinds := 2 + r.IntN(len(values)-1)*r.IntN(2)
		var list []model.Label
		for _, name := range names[:1+r.IntN(len(names))] {
			if r.IntN(4) > 0 {
				list = append(list, model.Label{Name: name, Value: values[r.IntN(kinds)]})
			}
		}
		labels, err := model.NewLabels(list)
		if err != nil {
			t.Fatal(err)
		}
		var want []byte
		for c := labels.Cursor(); c.Next(); {
			want = appendLabel(want, metricLabel, &c)
		}
		if got := cache.append(buf, labels); string(got) != string(buf)+string(want) {
			t.Fatalf("%s: got %q, want %q", labels.Text(), got, want)
		}
	}
}

// TestLabelCacheForgetsLargeLabels checks that a huge label does not stay in memory.
func TestLabelCacheForgetsLargeLabels(t *testing.T) {
	huge := strings.Repeat("x", 2*maxKept)
	for name, list := range map[string][]model.Label{
		"value": {{Name: "a", Value: huge}, {Name: "b", Value: "1"}},
		"name":  {{Name: huge, Value: "1"}, {Name: huge + "y", Value: "1"}},
	} {
		labels, err := model.NewLabels(list)
		if err != nil {
			t.Fatal(err)
		}
		var cache labelCache
		for range 3 { // The cache keeps the encoding only of labels that occur again.
			cache.append(nil, labels)
		}
		cache.reset()
		sizes := []int{cap(cache.firstText), cap(cache.firstWritten)}
		for _, h := range cache.heads {
			sizes = append(sizes, cap(h.text), cap(h.field))
		}
		if slices.Max(sizes) > maxKept {
			t.Errorf("%s: memory of %v bytes is kept, at most %d should be", name, sizes, maxKept)
		}
	}
}

// TestVarints tests the numbers around which a varint becomes longer.
func TestVarints(t *testing.T) {
	for shift := range 64 {
		for distance := -2; distance <= 2; distance++ {
			v := uint64(1)<<shift + uint64(distance)
			buf := appendUint([]byte("x"), 1, v)
			field, typ, n := protowire.ConsumeTag(buf[1:])
			got, m := protowire.ConsumeVarint(buf[1+n:])
			if field != 1 || typ != protowire.VarintType || got != v || 1+n+m != len(buf) || m != protowire.SizeVarint(v) {
				t.Errorf("%d is written as %x", v, buf[1:])
			}
		}
	}
}
