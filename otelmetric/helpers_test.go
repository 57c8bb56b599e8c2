package otelmetric_test

import (
	"net/http"
	"net/http/httptest"
)

// scrapeRequest returns a request for metrics in the text format.
func scrapeRequest() *http.Request {
	return httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
}

// discard returns a response writer that discards the body.
func discard() http.ResponseWriter { return &discarding{header: make(http.Header)} }

type discarding struct{ header http.Header }

func (d *discarding) Header() http.Header         { return d.header }
func (d *discarding) Write(p []byte) (int, error) { return len(p), nil }
func (d *discarding) WriteHeader(int)             {}
