// Command apicheck compares the public API of this library with that of the client_golang packages that
// it replaces. It prints every exported identifier that is missing or different. It exits with 1 if one
// of them is not in the list of intended differences, or if that list has an entry that is not a
// difference.
//
//	go run .        prints the differences that are not intended
//	go run . -v     prints the intended differences and their reasons, too
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

func main() {
	verbose := flag.Bool("v", false, "print intended differences, too")
	flag.Parse()
	ok, err := run(os.Stdout, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "apicheck:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run compares the packages, reports to w, and reports whether all differences are intended.
func run(w io.Writer, verbose bool) (bool, error) {
	loaded, err := load()
	if err != nil {
		return false, err
	}
	c := newComparison()
	for _, pair := range pairs {
		c.pair(loaded[theirRoot+pair], loaded[ourRoot+pair])
	}
	for _, pair := range pairs {
		c.comparePackage(loaded[theirRoot+pair])
	}
	return report(w, c, intended, verbose), nil
}

// report prints the findings and reports whether all of them are intended.
func report(w io.Writer, c *comparison, intended map[string]string, verbose bool) bool {
	ok := true
	missing, different, meant := 0, 0, 0
	for _, f := range c.findings {
		if f.missing {
			missing++
		} else {
			different++
		}
		reason, known := intended[f.key]
		switch {
		case !known:
			ok = false
			_, _ = fmt.Fprintf(w, "%s: %s\n", f.key, f.what)
		case verbose:
			_, _ = fmt.Fprintf(w, "%s: %s; intended: %s\n", f.key, f.what, reason)
		}
		if known {
			meant++
		}
	}
	for _, key := range sortedKeys(intended) {
		if !slices.ContainsFunc(c.findings, func(f finding) bool { return f.key == key }) {
			ok = false
			_, _ = fmt.Fprintf(w, "%s: listed as an intended difference, but it is not a difference\n", key)
		}
	}
	_, _ = fmt.Fprintf(w, "%d identifiers, %d of them the same by alias: %d missing, %d different (%d of these intended)\n",
		c.compared, c.identical, missing, different, meant)
	return ok
}
