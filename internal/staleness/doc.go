// Package staleness remembers which series the last push contained and reports those that a new push no
// longer has, so that the pusher can end them with stale markers.
//
// A [History] holds the series of the last push, by family. A new push is a [Round]: the pusher begins
// each family, calls [Section.Seen] for each of its points, writes markers for the series that
// [Section.Gone] and [Round.Missing] report, and ends the round with [Round.Commit], or with
// [Round.Discard] if the push was cut short.
//
// Series may come in any order, and the result is always exact. The cost depends on the order:
//
//   - If a push has the same series in the same order as the last one, Seen compares each with the
//     next entry of a list, and changes nothing.
//   - If some series come or go, and both pushes are sorted, Seen merges the two and writes a new
//     list.
//   - Otherwise Seen looks each series up in a hash table of the last push. The table is made when
//     the first series is out of order. Other families and later rounds reuse its memory.
//
// A sorted list takes 10 to 20 bytes for a series with three labels, because each entry stores only the
// difference from the previous entry. `go test -bench . ./internal/staleness` prints these figures.
package staleness
