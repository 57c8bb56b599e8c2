package backlog

import (
	"fmt"
	"slices"
	"sync"

	"github.com/luxfi/metric/internal/writereq"
)

// A Log is a bounded queue of records with several consumers. It is safe for concurrent use.
//
// The order of its locks is: consumer.busy or writing, then mu. Methods without I/O take only mu, and
// no method does I/O while it holds mu.
type Log struct {
	store        store
	maxBytes     int64
	segmentBytes int64 // maximum size of a segment; 0 for one record per segment
	faults       faults

	writing sync.Mutex // held by Append

	mu            sync.Mutex // guards everything below
	consumers     []*consumer
	segments      []*segment // ordered by sequence numbers, which may have gaps
	current       *segment   // last segment, if records can be added to it
	bytes         int64      // size of all segments
	end           uint64     // sequence number of the next record
	leftover      []*segment // unused segments that could not be removed
	leftoverBytes int64
	closed        bool
}

// Append adds a copy of r and returns the position after it. If the log is full, Append drops the
// oldest records.
//
// A failed Append leaves the log unchanged. The error wraps [ErrTooLarge] if r does not fit into an
// empty log. Other errors come from the disk; a later call can succeed.
func (l *Log) Append(r *writereq.Record) (Position, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.remove(nil)
	size := l.store.size(r)
	s, seq, err := l.place(size)
	if err != nil {
		return 0, err
	}
	if err := l.store.write(s, seq, r); err != nil {
		return 0, fmt.Errorf("backlog: %w", err)
	}
	l.remove(l.publish(s, Tally{Counts: r.Counts, Records: 1, Bytes: size}))
	return Position(seq + 1), nil
}

// place returns the segment for a record of the given size, and the sequence number of the record.
func (l *Log) place(size int64) (*segment, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s := l.current; {
	case l.closed:
		return nil, 0, ErrClosed
	case size > min(l.maxBytes, maxRecordBytes):
		return nil, 0, fmt.Errorf("backlog: %w: it has %d bytes, and the limit of the log is %d", ErrTooLarge, size, l.maxBytes)
	case size+l.leftoverBytes > l.maxBytes:
		return nil, 0, fmt.Errorf("backlog: the log has no room: %d bytes of old records cannot be removed", l.leftoverBytes)
	case s != nil && !s.sealed && s.size+size <= l.segmentBytes:
		return s, l.end, nil
	}
	return &segment{first: l.end}, l.end, nil
}

// publish makes a record that has been written to s visible to the consumers. It returns segments to
// remove.
func (l *Log) publish(s *segment, record Tally) []*segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.total.Records == 0 {
		l.segments = append(l.segments, s)
		if l.segmentBytes > 0 {
			l.current = s
		}
	}
	s.total.add(record)
	s.size += record.Bytes
	l.bytes += record.Bytes
	l.end++
	for _, c := range l.consumers {
		c.pending.add(record)
		c.appended.fire()
	}
	return append(l.release(), l.evict(1)...)
}

// evict drops the oldest segments until the log does not exceed its maximum size, but leaves the last
// keep segments. It returns segments to remove. The caller must hold mu.
func (l *Log) evict(keep int) []*segment {
	var (
		n    int
		over = l.bytes + l.leftoverBytes - l.maxBytes
	)
	for ; over > 0 && n < len(l.segments)-keep; n++ {
		s := l.segments[n]
		over -= s.size
		for _, c := range l.consumers {
			c.drop(s)
		}
	}
	return l.pop(n)
}

// release returns segments to remove because all consumers are done with them. The caller must hold mu.
func (l *Log) release() []*segment {
	n := 0
	for n < len(l.segments) && l.segments[n] != l.current && l.done(l.segments[n]) {
		n++
	}
	return l.pop(n)
}

// done reports whether all consumers are done with s.
func (l *Log) done(s *segment) bool {
	for _, c := range l.consumers {
		if c.oldest() < s.end() {
			return false
		}
	}
	return true
}

// pop removes the first n segments from the log. The caller must hold mu.
func (l *Log) pop(n int) []*segment {
	if n == 0 {
		return nil
	}
	popped := slices.Clone(l.segments[:n])
	for _, s := range popped {
		l.bytes -= s.size
		if s == l.current {
			l.current = nil
		}
	}
	clear(l.segments[:n])
	l.segments = l.segments[n:]
	return popped
}

// remove frees unused segments, including those that could not be freed before. If the log is closed,
// it leaves them to the next Open, because another process may use the directory now.
func (l *Log) remove(segments []*segment) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	leftover := l.leftover
	l.leftover = nil
	l.mu.Unlock()

	var failed []*segment
	freed := int64(0)
	for _, s := range leftover {
		if l.store.remove(s) == nil {
			freed += s.size
		} else {
			failed = append(failed, s)
		}
	}
	for _, s := range segments {
		if err := l.store.remove(s); err != nil {
			l.faults.add(fmt.Errorf("backlog: a segment that is not in use stays until it can be removed: %w", err))
			freed -= s.size
			failed = append(failed, s)
		}
	}
	if len(failed) == 0 && freed == 0 {
		return
	}
	l.mu.Lock()
	l.leftover = append(l.leftover, failed...)
	l.leftoverBytes -= freed
	l.mu.Unlock()
}

// End returns the position after the last record.
func (l *Log) End() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Position(l.end)
}

// Faults returns the damage and the failures that were found since the last call, oldest first. The log
// works around them. Most of them mean that records are lost. [Log.Dropped] includes the loss, unless
// Open found it.
func (l *Log) Faults() []error { return l.faults.take() }

// Close closes the log. The tallies remain: [Log.Pending] returns what a log in memory has lost, and
// what a log on disk will return when it is opened again. (A record that was in flight when it was
// dropped from the disk is pending, but not on disk.) Close waits for calls that use the disk, but not
// for records in flight.
func (l *Log) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	for _, c := range l.consumers {
		c.appended.fire()
		c.moved.fire()
	}
	l.mu.Unlock()
	if closed {
		return nil
	}
	for _, c := range l.consumers {
		c.busy.Lock()
	}
	err := l.store.close()
	for _, c := range l.consumers {
		c.busy.Unlock()
	}
	return err
}
