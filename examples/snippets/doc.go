// Package snippets has code that the pages in docs show and that is not part of another example or program of
// this repository. Its tests compile and run that code, and check that each Go snippet of a page is code that is
// compiled.
package snippets
