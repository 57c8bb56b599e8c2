package backlog

import "github.com/luxfi/metric/internal/writereq"

// A store holds the records of a log. Its methods may do I/O, so the log calls them without holding
// Log.mu.
type store interface {
	// size returns the number of bytes that r takes in the store.
	size(r *writereq.Record) int64
	// write appends r, which has the sequence number seq, to s. A failed write leaves s unchanged. The
	// log calls write with Log.writing held.
	write(s *segment, seq uint64, r *writereq.Record) error
	// read returns the record with the sequence number seq and its size. It starts at the offset off of
	// s and ends before limit. An error of type *damage is permanent; after other errors the caller may
	// try again.
	read(s *segment, seq uint64, off, limit int64) (writereq.Record, int64, error)
	// remove frees the space of s. It may be called concurrently for different segments.
	remove(s *segment) error
	// save stores that the consumer is done with all records before next. It may be called concurrently
	// for different consumers.
	save(consumer int, next uint64) error
	close() error
}

// A segment is a run of records that are freed together.
type segment struct {
	first uint64          // sequence number of the first record
	held  writereq.Record // only record of a segment in memory

	// Append changes the following fields with both Log.writing and Log.mu held.
	total Tally
	size  int64

	sealed bool // No more records will be added. Guarded by Log.mu.
}

// end returns the sequence number after the last record.
func (s *segment) end() uint64 { return s.first + uint64(s.total.Records) }

// A cursor is a place in the log.
type cursor struct {
	next uint64 // sequence number of the next record

	// The following fields are valid if next is after the first record of a segment.
	off    int64 // offset of the next record in its segment
	passed Tally // records of the segment before the next one
}

// remaining returns the tally of the records of s that c has not passed.
func (c *cursor) remaining(s *segment) Tally {
	switch {
	case c.next >= s.end():
		return Tally{}
	case c.next <= s.first:
		return s.total
	}
	left := s.total
	left.sub(c.passed)
	return left
}

// enter moves c to the first record of s unless it has already reached it.
func (c *cursor) enter(s *segment) {
	if c.next <= s.first {
		*c = cursor{next: s.first}
	}
}

// skip moves c to the end of s.
func (c *cursor) skip(s *segment) {
	*c = cursor{next: s.end(), off: s.size, passed: s.total}
}

// advance moves c past the next record.
func (c *cursor) advance(record Tally) {
	c.next++
	c.off += record.Bytes
	c.passed.add(record)
}

// damage is the error for a record that can never be read.
type damage struct {
	err error
	// lost is the tally of the damaged record if its head is intact. If lost is nil, the records after
	// it cannot be found either.
	lost *Tally
}

func (d *damage) Error() string { return d.err.Error() }
func (d *damage) Unwrap() error { return d.err }
