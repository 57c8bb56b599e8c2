package model_test

import (
	"testing"

	"github.com/luxfi/metric/internal/model"
)

// TestSplicer compares Splicer with AppendMerged.
func TestSplicer(t *testing.T) {
	sets := [][]string{{}, {"b"}, {"d"}, {"b", "d"}, {"b", "d", "f"}, {"b.", "d"}, {"b", "d", "e", "f"}}
	extras := [][]model.Label{
		nil, list("a", "1"), list("c", "1"), list("e.", "x"), list("g", `"\`), list("a", "1", "c", "2"), list("a", "1", "aa", "", "c", "2", "g", "3", "h", "4"),
	}
	for _, names := range sets {
		for _, extra := range extras {
			var first []string
			for _, name := range names {
				first = append(first, name, "")
			}
			s, err := model.NewSplicer(mustLabels(t, first...), extra)
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range texts {
				var pairs []string
				for i, name := range names {
					pairs = append(pairs, name, value+texts[i])
				}
				l := mustLabels(t, pairs...)
				_, want, err := model.AppendMerged(nil, l, extra)
				if err != nil {
					t.Fatal(err)
				}
				if _, got := s.Append(nil, l); got != want {
					t.Errorf("{%s} with %v is {%s}, want {%s}", l.Text(), extra, got.Text(), want.Text())
				}
			}
		}
	}
	if _, err := model.NewSplicer(mustLabels(t, "a", "1"), list("a", "2")); err == nil {
		t.Error("a label that is there already is added")
	}
}

func TestSplicerDoesNotAllocate(t *testing.T) {
	l := mustLabels(t, "b", "1", "d", "2")
	s, err := model.NewSplicer(l, list("c", "3"))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 100)
	if got := testing.AllocsPerRun(100, func() { buf, _ = s.Append(buf[:0], l) }); got != 0 {
		t.Errorf("adding a label allocates %v times", got)
	}
}

func BenchmarkSplicer(b *testing.B) {
	l, err := model.NewLabels(list("code", "200", "method", "GET", "path", "/api/v1/items"))
	if err != nil {
		b.Fatal(err)
	}
	extra := list("instance", "host-1:9100")
	var buf []byte
	b.Run("merged", func(b *testing.B) {
		for b.Loop() {
			buf, _, _ = model.AppendMerged(buf[:0], l, extra)
		}
	})
	b.Run("spliced", func(b *testing.B) {
		s, err := model.NewSplicer(l, extra)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			buf, _ = s.Append(buf[:0], l)
		}
	})
}
