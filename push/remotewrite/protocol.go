package remotewrite

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/writereq"
)

// The headers of the protocol. All rules are from
// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/ and
// https://prometheus.io/docs/specs/prw/remote_write_spec/.
const (
	versionHeader           = "X-Prometheus-Remote-Write-Version"
	samplesWrittenHeader    = "X-Prometheus-Remote-Write-Samples-Written"
	histogramsWrittenHeader = "X-Prometheus-Remote-Write-Histograms-Written"
	exemplarsWrittenHeader  = "X-Prometheus-Remote-Write-Exemplars-Written"
)

// setHeader sets the headers of version p.
func (p Protocol) setHeader(h http.Header) {
	h.Set("Content-Encoding", "snappy")
	if p == V1 {
		// "When talking to 1.x Receivers, Senders SHOULD use application/x-protobuf".
		h.Set("Content-Type", "application/x-protobuf")
		h.Set(versionHeader, "0.1.0")
		return
	}
	h.Set("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")
	h.Set(versionHeader, "2.0.0")
}

// other returns the version to try after p was refused.
func (p Protocol) other() Protocol {
	if p == V1 {
		return V2
	}
	return V1
}

// isReserved reports whether the protocol or the connection sets a header, so that users cannot set it.
func isReserved(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Content-Encoding", "Content-Type", versionHeader, "User-Agent", "Content-Length", "Transfer-Encoding", "Connection":
		return true
	default:
		return false
	}
}

// written returns the counts that a receiver of version 2.0 says it has written. A header that is missing
// or not a number counts as zero.
func written(h http.Header, sent writereq.Counts) writereq.Counts {
	count := func(header string, sent uint64) uint64 {
		n, err := strconv.ParseUint(h.Get(header), 10, 64)
		if err != nil {
			return 0
		}
		return min(n, sent)
	}
	return writereq.Counts{
		Samples:    count(samplesWrittenHeader, sent.Samples),
		Histograms: count(histogramsWrittenHeader, sent.Histograms),
		Exemplars:  count(exemplarsWrittenHeader, sent.Exemplars),
	}
}

// versionRetry is how long a target is sent version 1.0 before version 2.0 is tried again, because it may
// have been upgraded.
const versionRetry = 30 * time.Minute

// negotiation determines which version a target accepts. It is safe for concurrent use, because Status
// reads it.
type negotiation struct {
	wanted Protocol
	retry  time.Duration // versionRetry, except in tests

	mu      sync.Mutex
	v1Until time.Time // when to try version 2.0 again
}

// version returns the version for the next request.
func (n *negotiation) version() Protocol {
	if n.wanted != Auto {
		return n.wanted
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if time.Now().Before(n.v1Until) {
		return V1
	}
	return V2
}

// speaks records that a target accepts version p.
func (n *negotiation) speaks(p Protocol) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.v1Until = time.Time{}
	if p == V1 {
		n.v1Until = time.Now().Add(n.retry)
	}
}
