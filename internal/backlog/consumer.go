package backlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/luxfi/metric/internal/writereq"
)

// A consumer is one reader of a log.
type consumer struct {
	name string
	busy sync.Mutex // held by Take and Done, also during I/O

	// Log.mu guards the rest.

	cursor  // at the next record to take
	pending Tally
	dropped Tally

	inFlight bool
	taken    writereq.Record // record in flight
	takenSeq uint64
	tally    Tally // tally of the record in flight

	appended signal // fires when there is a new record or the log is closed
	moved    signal // fires when records are done or dropped, or the log is closed
}

// oldest returns the sequence number of the oldest record that is not done.
func (c *consumer) oldest() uint64 {
	if c.inFlight {
		return c.takenSeq
	}
	return c.next
}

// drop drops the records of s that the consumer has not taken.
func (c *consumer) drop(s *segment) {
	left := c.remaining(s)
	if left.Records == 0 {
		return
	}
	c.lose(left)
	c.skip(s)
}

func (c *consumer) lose(lost Tally) {
	c.pending.sub(lost)
	c.dropped.add(lost)
	c.moved.fire()
}

// Take returns the oldest record that the consumer has not finished with, or false if there is no such record.
// The record is in flight until [Log.Done] is called; until then, Take returns the same record.
//
// Consumers share the body and must not modify it. It stays valid after Done.
//
// Take drops damaged records and reports them by [Log.Faults]. An error other than [ErrClosed] means
// that the disk cannot be read at the moment. Wait before another attempt, because [Log.Available] does
// not.
func (l *Log) Take(consumer int) (writereq.Record, bool, error) {
	c := l.consumers[consumer]
	c.busy.Lock()
	defer c.busy.Unlock()
	for {
		s, at, limit, err := l.nextOf(c)
		switch {
		case err != nil:
			return writereq.Record{}, false, err
		case s == nil:
			return c.taken, c.inFlight, nil // Only Take and Done change these fields.
		}
		record, size, err := l.store.read(s, at.next, at.off, limit)
		taken, err := l.take(c, s, at, record, size, err)
		if taken || err != nil {
			return record, taken, err
		}
	}
}

// nextOf returns the segment of the next record that the consumer can take, the position of the record
// in the segment, and the segment's size. The segment is nil if there is no such record or if a record
// is in flight.
func (l *Log) nextOf(c *consumer) (s *segment, at cursor, limit int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, cursor{}, 0, ErrClosed
	}
	i, _ := slices.BinarySearchFunc(l.segments, c.next+1, func(s *segment, seq uint64) int {
		if s.end() < seq {
			return -1
		}
		return 1
	})
	if c.inFlight || i == len(l.segments) {
		return nil, cursor{}, 0, nil
	}
	s = l.segments[i]
	c.enter(s)
	return s, c.cursor, s.size, nil
}

// take processes an attempt to read the record at the cursor at. It reports whether the record is in
// flight now. If it is not and there is no error, Take must try the next record.
func (l *Log) take(c *consumer, s *segment, at cursor, record writereq.Record, size int64, err error) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.next != at.next {
		return false, nil // The record was dropped in the meantime.
	}
	var damage *damage
	switch tally := (Tally{Counts: record.Counts, Records: 1, Bytes: size}); {
	case err == nil:
		c.inFlight, c.taken, c.takenSeq, c.tally = true, record, at.next, tally
		c.advance(tally)
		return true, nil
	case !errors.As(err, &damage):
		return false, fmt.Errorf("backlog: %w", err)
	case damage.lost != nil:
		c.lose(*damage.lost)
		c.advance(*damage.lost)
	default:
		c.drop(s)
		s.sealed = true
	}
	l.faults.add(fmt.Errorf("backlog: dropped damaged records for consumer %q: %w", c.name, err))
	return false, nil
}

// Done ends the flight of the record that the consumer has taken, because it was sent or given up. It
// does nothing if no record is in flight.
//
// A log on disk saves the consumer's position by writing 16 bytes to a file. If this fails, the record
// is done, but the next Open may return it again. The same is true if the log is closed, in which case
// Done returns [ErrClosed].
func (l *Log) Done(consumer int) error {
	c := l.consumers[consumer]
	c.busy.Lock()
	defer c.busy.Unlock()
	next, released, err := l.land(c)
	if err != nil || next == 0 {
		return err
	}
	err = l.store.save(consumer, next)
	l.remove(released)
	if err != nil {
		return fmt.Errorf("backlog: cannot save the position of consumer %q: %w", c.name, err)
	}
	return nil
}

// land ends the flight of the record. It returns the sequence number after the records that the
// consumer is done with, or 0 if no record was in flight, and the segments to remove.
func (l *Log) land(c *consumer) (next uint64, released []*segment, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !c.inFlight {
		return 0, nil, nil
	}
	c.pending.sub(c.tally)
	c.inFlight, c.taken = false, writereq.Record{}
	c.moved.fire()
	if l.closed {
		return 0, nil, ErrClosed
	}
	return c.next, l.release(), nil
}

// Available returns a channel that is closed as soon as [Log.Take] has a record for the consumer or the log is
// closed. Each call returns the channel for the state at the time of the call.
func (l *Log) Available(consumer int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.consumers[consumer]
	if c.pending.Records > 0 || l.closed {
		return fired
	}
	return c.appended.wait()
}

// Reached reports whether all records before p are done or dropped for the consumer.
func (l *Log) Reached(consumer int, p Position) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.consumers[consumer].reached(p)
}

func (c *consumer) reached(p Position) bool {
	return c.oldest() >= uint64(p)
}

// Wait waits until all records before p are done or dropped for the consumer. If ctx ends first, Wait
// returns the cause. If the log is closed first, Wait returns [ErrClosed].
func (l *Log) Wait(ctx context.Context, consumer int, p Position) error {
	for {
		moved, err := l.progress(consumer, p)
		if moved == nil {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// progress returns nil if the consumer has reached p or the log is closed. Otherwise it returns a channel that
// is closed when the consumer moves.
func (l *Log) progress(consumer int, p Position) (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch c := l.consumers[consumer]; {
	case c.reached(p):
		return nil, nil
	case l.closed:
		return nil, ErrClosed
	default:
		return c.moved.wait(), nil
	}
}

// Pending returns the tally of the records that the consumer has not finished with, including the
// record in flight.
func (l *Log) Pending(consumer int) Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.consumers[consumer].pending
}

// Dropped returns the tally of the records that were dropped for the consumer since Open, because the
// log was full or records were damaged.
func (l *Log) Dropped(consumer int) Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.consumers[consumer].dropped
}
