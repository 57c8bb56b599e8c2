package remote_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// zeros writes zeros until an error occurs.
func zeros(w io.Writer) {
	for chunk := make([]byte, 64<<10); ; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	w.Close()
	return b.Bytes()
}

func zstandard(data []byte) []byte {
	w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// respond returns a function for serveRaw that writes the given headers, separated by bars, and the body.
func respond(headers, body string) func(net.Conn) {
	return func(conn net.Conn) {
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n%s\r\n\r\n%s", strings.ReplaceAll(headers, "|", "\r\n"), body)
	}
}

const (
	isText     = "Content-Type: text/plain; version=0.0.4"
	isProtobuf = "Content-Type: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
	isOpen     = "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// TestHostileServers checks that an unreliable response results in a single error of limited size, that no
// part of the response is served, and that reading it takes little time and memory.
func TestHostileServers(t *testing.T) {
	const page = "# TYPE a gauge\na 1\n"
	bomb := []byte(page + "# " + strings.Repeat("x", 50<<20))
	for _, test := range []struct {
		name   string
		answer func(net.Conn)
		want   string
		late   bool // whether the request lasts until its deadline
	}{
		{name: "endless body", want: "too large", answer: func(c net.Conn) { respond(isText, "")(c); zeros(c) }},
		{name: "announced size", want: "too large", answer: respond(isText+"|Content-Length: 10000000000", page)},
		{name: "gzip bomb", want: "after decompression", answer: respond(isText+"|Content-Encoding: gzip", string(gzipped(bomb)))},
		{name: "zstd bomb", want: "after decompression", answer: respond(isText+"|Content-Encoding: zstd", string(zstandard(bomb)))},
		{name: "gzip truncated", want: "unexpected EOF", answer: respond(isText+"|Content-Encoding: gzip", string(gzipped([]byte(gauges(1000)))[:1000]))},
		{name: "gzip with more", want: "EOF", answer: respond(isText+"|Content-Encoding: gzip", string(gzipped([]byte(page)))+"more")},
		{name: "zstd truncated", want: "unexpected EOF", answer: respond(isText+"|Content-Encoding: zstd", string(zstandard([]byte(gauges(1000)))[:1000]))},
		{name: "no gzip", want: "invalid header", answer: respond(isText+"|Content-Encoding: gzip", page)},
		{name: "no zstd", want: "magic", answer: respond(isText+"|Content-Encoding: zstd", page)},
		{name: "large window", want: "window", answer: respond(isText+"|Content-Encoding: zstd", "\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00")},
		{name: "unknown encoding", want: "br", answer: respond(isText+"|Content-Encoding: br", page)},
		{name: "two encodings", want: "gzip,zstd", answer: respond(isText+"|Content-Encoding: gzip|Content-Encoding: zstd", page)},
		{name: "no content type", want: "Content-Type", answer: respond("X: y", page)},
		{name: "HTML page", want: "text/html", answer: respond("Content-Type: text/html", "<html>Sign in</html>")},
		{name: "HTML as text", want: "line 1", answer: respond(isText, "<html>Sign in</html>\n")},
		{name: "endless headers", want: "header", answer: func(c net.Conn) {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := fmt.Fprintf(c, "X-Y: %s\r\n", strings.Repeat("y", 1000)); err != nil {
					return
				}
			}
		}},
		{name: "endless header", want: "header", answer: func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nX: "); zeros(c) }},
		{name: "endless informational responses", want: "header", answer: func(c net.Conn) {
			for {
				if _, err := fmt.Fprint(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"); err != nil {
					return
				}
			}
		}},
		{name: "no HTTP", want: "HTTP", answer: func(c net.Conn) { fmt.Fprintf(c, "%s\r\n\r\n", strings.Repeat("SSH", 1<<10)) }},
		{name: "long reason", want: "the status is 500 Internal Server Error", answer: func(c net.Conn) {
			fmt.Fprintf(c, "HTTP/1.1 500 %s\r\nContent-Length: 0\r\n\r\n", strings.Repeat("no ", 10_000))
		}},
		{name: "huge error page", want: "500 Internal", answer: func(c net.Conn) {
			fmt.Fprint(c, "HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\n")
			zeros(c)
		}},
		{name: "hangs", want: "no response yet", late: true, answer: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }},
		{name: "slow drip", want: "broke off", late: true, answer: func(c net.Conn) {
			respond(isText, "")(c)
			for {
				if _, err := fmt.Fprint(c, "a 1\n"); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}},
		{name: "too short", want: "broke off after 19 bytes", answer: respond(isText+"|Content-Length: 100", page)},
		{name: "too long", want: "line", answer: respond(isText+"|Content-Length: 17", page)},
		{name: "chunk missing", want: "broke off", answer: respond(isText+"|Transfer-Encoding: chunked", "13\r\n"+page+"\r\n")},
		{name: "reset", want: "broke off", answer: func(c net.Conn) {
			respond(isText+"|Content-Length: 100000", page)(c)
			_ = c.(*net.TCPConn).SetLinger(0)
		}},
		{name: "closed", want: "EOF", answer: func(net.Conn) {}},
		{name: "no end in OpenMetrics", want: "EOF", answer: respond(isOpen, page)},
		{name: "no last line feed", want: "line 2", answer: respond(isText, "a 1\nb 2")},
		{name: "protobuf truncated", want: "protobuf", answer: respond(isProtobuf, "\x20\x0a\x01a")},
		{name: "protobuf length", want: "protobuf", answer: respond(isProtobuf, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
		{name: "name that is not UTF-8", want: "UTF-8", answer: respond(isText, "a{\"b\xff\"=\"c\"} 1\n")},
		{name: "value that is not UTF-8", want: "UTF-8", answer: respond(isText, "a{b=\"\xff\"} 1\n")},
		{name: "many series", want: "at most 1000", answer: respond(isText, gauges(1001))},
		{name: "many families", want: "at most 1000", answer: respond(isText, numbered("m%d 1\n", 1001))},
		{name: "many labels", want: "labels", answer: respond(isText, "a{"+numbered("l%d=\"1\",", 1000)+"} 1\n")},
		{name: "long labels", want: "labels", answer: respond(isText, "a{b=\""+strings.Repeat("c", 20_000)+"\"} 1\n")},
		{name: "long name", want: "name", answer: respond(isText, strings.Repeat("c", 20_000)+" 1\n")},
		{name: "long line", want: "line", answer: respond(isText, "a "+strings.Repeat("1", 100_000)+"x\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := serveRaw(t, test.answer)
			target := newTarget(t, url, remote.Opts{MaxBytes: 1 << 20, MaxSeries: 1000, Client: ownClient(t)})
			timeout := 30 * time.Second
			if test.late {
				timeout = time.Second
			}
			start, before := time.Now(), allocated()
			mfs, err := target.GatherWithContext(within(t, timeout))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			const most = 32 << 20 // two attempts
			if grown := allocated() - before; grown > most {
				t.Errorf("%d bytes were allocated", grown)
			}
			if len(mfs) > 0 {
				t.Errorf("it is served: %v", mfs)
			}
			wantError(t, err, url, test.want)
			if test.late && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the error is not about the deadline: %v", err)
			}
		})
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// ownClient returns a client that shares no connections with others.
func ownClient(t testing.TB) *http.Client {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 256 << 10
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestStatus checks that a response with a status other than 200 becomes an error that quotes only a little
// of its body.
func TestStatus(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   string
	}{
		{204, "", "the status is 204 No Content"},
		{206, "a 1\n", "the status is 206 Partial Content"},
		{304, "", "the status is 304 Not Modified"},
		{302, "", "the status is 302 Found"}, // The response has no Location.
		{401, "Unauthorized\r\n  more\n", `the status is 401 Unauthorized: "Unauthorized more"`},
		{503, strings.Repeat("x", 10_000), "the status is 503 Service Unavailable: \"xxx"},
		{799, "\x00\xff", `the status is 799: "\x00"`},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			var requests int
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			mfs, err := newTarget(t, server.URL, remote.Opts{}).Gather()
			wantError(t, err, server.URL, test.want)
			if len(mfs) > 0 || len(err.Error()) > 500 || requests != 1 {
				t.Errorf("%d families, %d bytes of error, %d requests", len(mfs), len(err.Error()), requests)
			}
		})
	}
}

// TestBadSamples checks that a target leaves out samples that are not valid, and serves the others.
func TestBadSamples(t *testing.T) {
	const page = `# TYPE good gauge
good 1
# TYPE nan gauge
nan NaN
# TYPE whole histogram
whole_bucket{le="1"} 5
whole_bucket{le="+Inf"} 3
whole_sum 1
whole_count 3
# TYPE twice gauge
twice 1
twice 2
# TYPE good gauge
good{piece="2"} 2
`
	server := serveText(t, page)
	target := newTarget(t, server.URL, remote.Opts{})
	_, err := target.Gather()
	wantError(t, err, server.URL, "whole", "twice")
	reg := metric.NewContextRegistry()
	reg.MustRegister(target)
	text := textOf(t, reg)
	wantLines(t, text, "good 1", `good{piece="2"} 2`, "nan NaN", "twice 1")
	if strings.Contains(text, "whole") {
		t.Errorf("a histogram that is not whole is served:\n%s", text)
	}
}
