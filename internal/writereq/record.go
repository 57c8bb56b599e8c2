// Package writereq defines the form of remote-write requests between the encoder and the sender.
package writereq

import (
	"encoding/binary"
	"errors"
)

// Counts counts the contents of one or several requests.
type Counts struct {
	Samples    uint64 // float samples, including stale markers
	Histograms uint64 // native histogram samples
	Exemplars  uint64
	Metadata   uint64 // described families
}

// Add adds the counts of another request.
func (c *Counts) Add(other Counts) {
	c.Samples += other.Samples
	c.Histograms += other.Histograms
	c.Exemplars += other.Exemplars
	c.Metadata += other.Metadata
}

// Sub subtracts the counts of a request that [Counts.Add] has added.
func (c *Counts) Sub(other Counts) {
	c.Samples -= other.Samples
	c.Histograms -= other.Histograms
	c.Exemplars -= other.Exemplars
	c.Metadata -= other.Metadata
}

// Record is a request that waits to be sent.
type Record struct {
	Counts

	NewestMs int64  // timestamp of the newest sample, in milliseconds since the Unix epoch
	Body     []byte // io.prometheus.write.v2.Request as a snappy block
}

// Append appends the encoded record to buf.
func (r *Record) Append(buf []byte) []byte {
	for _, n := range [...]uint64{r.Samples, r.Histograms, r.Exemplars, r.Metadata} {
		buf = binary.AppendUvarint(buf, n)
	}
	buf = binary.AppendVarint(buf, r.NewestMs)
	return append(buf, r.Body...)
}

var errTruncated = errors.New("writereq: the head of a record is truncated")

// Decode decodes a record that [Record.Append] has encoded. The record's body shares memory with data.
func Decode(data []byte) (Record, error) {
	var (
		r  Record
		ok = true
	)
	for _, field := range [...]*uint64{&r.Samples, &r.Histograms, &r.Exemplars, &r.Metadata} {
		v, n := binary.Uvarint(data)
		if ok = ok && n > 0; ok {
			*field, data = v, data[n:]
		}
	}
	v, n := binary.Varint(data)
	if !ok || n <= 0 {
		return Record{}, errTruncated
	}
	r.NewestMs, r.Body = v, data[n:]
	return r, nil
}
