// Package snippets has the code that the pages in docs show, where no example or program in this repository has
// it. Its tests compile and run that code, and check that each Go snippet of a page is code that is compiled.
package snippets
