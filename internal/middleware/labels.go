package middleware

import (
	"net/http"
	"strings"
)

// codes holds the three digits of each status from 100 to 599, so that requests need not format them.
var codes = func() string {
	var b strings.Builder
	for code := 100; code <= 599; code++ {
		_, _ = b.Write([]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)})
	}
	return b.String()
}()

// Unknown is the label value for an unusual status or method.
const Unknown = "unknown"

// Code returns the value of the label code. The status 0 means that the handler has not set a status
// and has therefore answered with 200.
func Code(status int) string {
	if status == 0 {
		status = http.StatusOK
	}
	if status < 100 || status > 599 {
		return Unknown
	}
	i := (status - 100) * 3
	return codes[i : i+3]
}

// Method returns the value of the label method: the method in lower case if it is one of those in
// https://developer.mozilla.org/en-US/docs/Web/HTTP/Methods or, ignoring case, one of extra. Otherwise
// it returns [Unknown]: clients can send any method, and must not create a series for each.
func Method(method string, extra []string) string {
	switch method {
	case "GET", "get":
		return "get"
	case "PUT", "put":
		return "put"
	case "HEAD", "head":
		return "head"
	case "POST", "post":
		return "post"
	case "DELETE", "delete":
		return "delete"
	case "CONNECT", "connect":
		return "connect"
	case "OPTIONS", "options":
		return "options"
	case "NOTIFY", "notify":
		return "notify"
	case "TRACE", "trace":
		return "trace"
	case "PATCH", "patch":
		return "patch"
	}
	for _, e := range extra {
		if strings.EqualFold(method, e) {
			return strings.ToLower(method)
		}
	}
	return Unknown
}

// RequestSize returns the approximate size of a request in bytes. It takes the length of the body from
// the header.
func RequestSize(r *http.Request) int {
	size := len(r.Method) + len(r.Proto) + len(r.Host)
	if r.URL != nil {
		size += len(r.URL.String())
	}
	for name, values := range r.Header {
		size += len(name)
		for _, value := range values {
			size += len(value)
		}
	}
	if r.ContentLength > 0 {
		size += int(r.ContentLength)
	}
	return size
}
