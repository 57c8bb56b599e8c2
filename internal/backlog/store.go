package backlog

import "github.com/luxfi/metric/internal/writereq"

// A store holds the records of a log. Its methods may do I/O, so the log calls them without holding [Log.mu].
type store interface {
	// size returns the number of bytes that r takes in the store.
	size(r *writereq.Record) int64
	// write puts r, which has the sequence number seq, at the end of s. After an error, s is as it was
	// before. The log calls write with [Log.writing] held.
	write(s *segment, seq uint64, r *writereq.Record) error
	// read returns the record with the sequence number seq and its size. It starts at the offset off of s and
	// ends before limit. An error of the type *damage is permanent; others are worth another attempt.
	read(s *segment, seq uint64, off, limit int64) (writereq.Record, int64, error)
	// remove frees the space that s takes. It may be called concurrently for different segments.
	remove(s *segment) error
	// save stores that the consumer is done with all records before next. It may be called concurrently for
	// different consumers.
	save(consumer int, next uint64) error
	close() error
}

// A segment is a run of records that are freed together.
type segment struct {
	first uint64          // Sequence number of the first record.
	held  writereq.Record // The only record of a segment in memory.

	// Append changes these with both Log.writing and Log.mu held.
	total Tally
	size  int64

	sealed bool // No more records are added to it. Guarded by Log.mu.
}

// end returns the sequence number behind the last record.
func (s *segment) end() uint64 { return s.first + uint64(s.total.Records) }

// A cursor is a place in the log.
type cursor struct {
	next uint64 // Sequence number of the next record.

	// These are valid if next is behind the first record of a segment.
	off    int64 // Offset of the next record in its segment.
	passed Tally // Records of the segment before the next one.
}

// left returns the tally of the records of s that c has not passed.
func (c *cursor) left(s *segment) Tally {
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

// enter moves c to the first record of s if it has not reached it.
func (c *cursor) enter(s *segment) {
	if c.next <= s.first {
		*c = cursor{next: s.first}
	}
}

// skip moves c to the end of s.
func (c *cursor) skip(s *segment) {
	*c = cursor{next: s.end(), off: s.size, passed: s.total}
}

// advance moves c behind the next record.
func (c *cursor) advance(record Tally) {
	c.next++
	c.off += record.Bytes
	c.passed.add(record)
}

// damage is the error for a record that can never be read.
type damage struct {
	err error
	// lost is the damaged record if its head is intact. If it is nil, the records behind it cannot be found
	// either.
	lost *Tally
}

func (d *damage) Error() string { return d.err.Error() }
func (d *damage) Unwrap() error { return d.err }
