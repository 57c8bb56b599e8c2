package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// newHanging returns a handler that never answers.
func newHanging() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// exitCrashed is the exit code of a process that crashes.
const exitCrashed = 42

// newCrashing returns a handler that ends the process in the middle of an answer, after some complete
// lines.
func newCrashing() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprint(w, "# TYPE leaf_crashing gauge\n")
		for i := range 1000 {
			fmt.Fprintf(w, "leaf_crashing{i=\"%d\"} 1\n", i)
		}
		_ = http.NewResponseController(w).Flush()
		time.Sleep(20 * time.Millisecond) // Let the lines arrive.
		os.Exit(exitCrashed)
	})
}

// tooMuch is the size of a huge answer in bytes: 10 GB.
const tooMuch = 10_000_000_000

// newHuge returns a handler whose answers do not fit in memory. They are alternately uncompressed and
// compressed.
func newHuge() http.Handler {
	var plain bytes.Buffer
	for i := 0; plain.Len() < 1<<20; i++ {
		fmt.Fprintf(&plain, "leaf_huge{i=\"%d\"} 1\n", i)
	}
	var compressed bytes.Buffer
	z := gzip.NewWriter(&compressed)
	_, _ = z.Write(plain.Bytes())
	_ = z.Close()

	var requests atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		block := plain.Bytes()
		if requests.Add(1)%2 == 0 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			block = compressed.Bytes()
		}
		for sent := 0; sent < tooMuch; sent += plain.Len() {
			if _, err := w.Write(block); err != nil {
				return // The client has closed the connection.
			}
		}
	})
}
