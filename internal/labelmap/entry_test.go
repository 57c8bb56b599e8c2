package labelmap_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// TestLabelsOfEveryLength checks entries whose labels lie behind them and entries whose labels are in
// separate memory.
func TestLabelsOfEveryLength(t *testing.T) {
	type pointers struct{ a, b *int }
	for _, names := range [][]string{nil, {"a"}, {"a.b"}, {"z", "a"}} {
		layout := model.NewLayout([]model.Label{{Name: "m", Value: "constant"}}, names)
		for n := range 600 {
			values := []string{strings.Repeat("v", n), "\"\n"}[:len(names)]
			e := labelmap.NewEntry[pointers](layout, values)
			e.Child = pointers{new(int), new(int)}
			if got, want := e.Labels(), layout.Render(values); got.Text() != want.Text() || got.Quoted() != want.Quoted() {
				t.Fatalf("got %s, quoted: %v, want %s, quoted: %v", got.Text(), got.Quoted(), want.Text(), want.Quoted())
			}
			if labelmap.Of(&e.Child) != e {
				t.Fatalf("%s is not the entry of its child", e.Labels().Text())
			}
		}
	}
}

// TestLabelsKeepTheirMemory checks that labels stay valid without their entries.
func TestLabelsKeepTheirMemory(t *testing.T) {
	layout := model.NewLayout(nil, []string{"a"})
	var kept []model.Labels
	value := func(n int) []string { return []string{strings.Repeat(string('a'+rune(n%26)), n%300)} }
	for n := range 5000 {
		kept = append(kept, labelmap.NewEntry[*int](layout, value(n)).Labels())
		if n%1000 == 0 {
			runtime.GC()
		}
	}
	runtime.GC()
	for n, l := range kept {
		if want := layout.Render(value(n)).Text(); l.Text() != want {
			t.Fatalf("got %s, want %s", l.Text(), want)
		}
	}
}
