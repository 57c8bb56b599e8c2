package backlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// recovery is the state of opening a directory.
type recovery struct {
	log  *Log
	disk *disk

	latest uint64 // highest position

	known   []*consumer // consumers that have a position file
	damaged []*consumer // known consumers whose position is damaged
	gone    []gone
}

// gone is a consumer that has a position file, but is no longer named.
type gone struct {
	*consumer
	file string
}

// readPositions reads the position files with the given names.
func (r *recovery) readPositions(files []string) error {
	for _, file := range files {
		name, next, err := readPosition(filepath.Join(r.disk.dir, file))
		c := r.consumer(file)
		if c == nil {
			c = &consumer{name: name}
			r.gone = append(r.gone, gone{c, file})
		} else {
			r.known = append(r.known, c)
		}
		c.next = next
		r.latest = max(r.latest, next)
		switch {
		case errors.Is(err, errPosition):
			r.damaged = append(r.damaged, c)
			r.fault(fmt.Errorf("consumer %q starts at the oldest record: %w", c.name, err))
		case err != nil:
			return err
		}
	}
	return nil
}

// consumer returns the consumer with the given position file, or nil.
func (r *recovery) consumer(file string) *consumer {
	for _, c := range r.log.consumers {
		if positionName(c.name) == file {
			return c
		}
	}
	return nil
}

func (r *recovery) fault(err error) {
	r.log.faults.add(fmt.Errorf("backlog: directory %s: %w", r.disk.dir, err))
}

// readSegment adds the segment whose first record has the sequence number first to the log, and moves
// the consumers that are within it. The segment ends at the first damage.
func (r *recovery) readSegment(first uint64) error {
	path := r.disk.path(first)
	if first < r.log.end {
		r.fault(fmt.Errorf("removed segment %s, whose records overlap with those before", filepath.Base(path)))
		return os.Remove(path)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s := &segment{first: first}
	_, err = scanFrames(file, info.Size(), first, func(seq uint64, record Tally) {
		r.arrive(seq, s)
		s.total.add(record)
		s.size += record.Bytes
	})
	r.arrive(s.end(), s)
	if errors.Is(err, errHead) || errors.Is(err, errTorn) {
		r.fault(fmt.Errorf("lost the last %d bytes of segment %s: %w", info.Size()-s.size, filepath.Base(path), err))
		err = file.Truncate(s.size)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if s.total.Records == 0 {
		return os.Remove(path)
	}
	r.log.segments = append(r.log.segments, s)
	r.log.bytes += s.size
	r.log.end = s.end()
	return nil
}

// arrive sets the cursors of the consumers whose next record follows the current records of s.
func (r *recovery) arrive(seq uint64, s *segment) {
	for _, c := range r.known {
		if c.next == seq {
			c.skip(s)
		}
	}
	for _, c := range r.gone {
		if c.next == seq {
			c.skip(s)
		}
	}
}

// startConsumers sets the starting positions of the consumers, and opens their position files.
func (r *recovery) startConsumers() error {
	l := r.log
	if n := len(l.segments); n > 0 && l.end >= r.latest {
		l.current = l.segments[n-1]
	}
	l.end = max(l.end, r.latest)
	for _, c := range l.consumers {
		// Without any position file, a consumer cannot be recognized as new.
		if slices.Contains(r.known, c) || len(r.known)+len(r.gone) == 0 {
			c.pending = r.remaining(c)
		}
		if c.pending.Records == 0 {
			r.toEnd(c)
		}
		position, err := r.openPosition(c)
		if err != nil {
			return err
		}
		r.disk.positions = append(r.disk.positions, position)
	}
	return nil
}

// remaining returns the tally of the records that c has not passed.
func (r *recovery) remaining(c *consumer) Tally {
	var left Tally
	for _, s := range r.log.segments {
		left.add(c.remaining(s))
	}
	return left
}

// toEnd moves c to the end of the log.
func (r *recovery) toEnd(c *consumer) {
	if s := r.log.current; s != nil {
		c.skip(s)
	} else {
		c.cursor = cursor{next: r.log.end}
	}
}

// openPosition opens the position file of c. It creates the file if it does not exist or is damaged.
func (r *recovery) openPosition(c *consumer) (*positionFile, error) {
	path := filepath.Join(r.disk.dir, positionName(c.name))
	if !slices.Contains(r.known, c) || slices.Contains(r.damaged, c) {
		if err := createPosition(path, c.name, c.next); err != nil {
			return nil, err
		}
	}
	return openPosition(path)
}

// forgetGone removes the position files of former consumers, so that no records are kept for them.
func (r *recovery) forgetGone() {
	for _, c := range r.gone {
		if left := r.remaining(c.consumer); left.Records > 0 {
			r.fault(fmt.Errorf("dropped %d samples and %d histograms that consumer %q, which does not exist anymore, has not taken",
				left.Samples, left.Histograms, c.name))
		}
		if err := os.Remove(filepath.Join(r.disk.dir, c.file)); err != nil {
			r.fault(err)
		}
	}
}
