package strictyaml

import (
	"fmt"
	"strings"
)

// Unknown returns a message that word is not allowed. The message suggests the most similar allowed word.
func Unknown(what, word string, allowed []string) string {
	if len(allowed) == 0 {
		return "unknown " + what + "; none are allowed"
	}
	list := "allowed are: " + strings.Join(allowed, ", ")
	if near := nearest(word, allowed); near != "" {
		return fmt.Sprintf("unknown %s, did you mean %s? %s", what, near, list)
	}
	return "unknown " + what + "; " + list
}

// nearest returns the word that is most similar to word, or "" if none of words is similar enough.
func nearest(word string, words []string) (near string) {
	const longest = 64
	if len(word) > longest {
		return ""
	}
	simple := func(s string) string {
		return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
	}
	best := 1 + min(2, len(word)/3) // one more than the differences that are tolerated
	for _, w := range words {
		if len(w) > longest {
			continue
		}
		if d := distance(simple(word), simple(w)); d < best {
			best, near = d, w
		}
	}
	return near
}

// distance returns how many bytes must be inserted, removed, replaced or swapped with the next one to turn
// a into b. This is the optimal string alignment distance.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(replaced, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
