package backlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/luxfi/metric/internal/writereq"
)

// disk is a store in a directory. The directory has a lock file, the segments, and a position file for
// each consumer.
type disk struct {
	dir       string
	lock      *os.File
	positions []*positionFile

	// create opens a segment for writing. Tests replace it.
	create func(path string, flag int) (segmentFile, error)
	// file is the segment written last. Log.writing guards the following fields.
	file    segmentFile
	segment *segment
}

// segmentFile is the part of *os.File that the store needs.
type segmentFile interface {
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Close() error
}

// A change of the format must change the suffixes, because the store ignores files with other names.
const (
	lockName        = "lock"
	segmentSuffix   = ".seg"
	positionSuffix  = ".pos"
	temporarySuffix = ".tmp"
)

// maxSegmentBytes is the maximum size of a segment, unless a single record is larger.
const maxSegmentBytes = 4 << 20

func createSegment(path string, flag int) (segmentFile, error) {
	return os.OpenFile(path, flag, 0o600)
}

// path returns the path of a segment file.
func (d *disk) path(first uint64) string {
	return filepath.Join(d.dir, fmt.Sprintf("%016x%s", first, segmentSuffix))
}

func (d *disk) size(r *writereq.Record) int64 { return frameSize(r) }

func (d *disk) write(s *segment, seq uint64, r *writereq.Record) error {
	if err := d.use(s); err != nil {
		return err
	}
	var buf [maxHead]byte
	head := appendHead(buf[:0], seq, r)
	_, err := d.file.WriteAt(head, s.size)
	if err == nil {
		_, err = d.file.WriteAt(r.Body, s.size+int64(len(head)))
	}
	if err != nil {
		d.undo(s)
	}
	return err
}

// use makes s the segment to which the store writes.
func (d *disk) use(s *segment) error {
	if d.segment == s {
		return nil
	}
	flag := os.O_WRONLY
	if s.total.Records == 0 {
		flag |= os.O_CREATE | os.O_TRUNC
	}
	file, err := d.create(d.path(s.first), flag)
	if err != nil {
		return err
	}
	err = d.finish()
	d.file, d.segment = file, s
	return err
}

// finish closes the file of the segment written last.
func (d *disk) finish() error {
	if d.file == nil {
		return nil
	}
	err := d.file.Close()
	d.file, d.segment = nil, nil
	return err
}

// undo removes the bytes that a failed write has left after the end of s. If that also fails, the next
// write overwrites them, and Open recognizes that they are not a record.
func (d *disk) undo(s *segment) {
	_ = d.file.Truncate(s.size)
	if s.total.Records == 0 {
		_ = d.finish()
		_ = os.Remove(d.path(s.first))
	}
}

func (d *disk) read(s *segment, seq uint64, off, limit int64) (writereq.Record, int64, error) {
	return readFrame(d.path(s.first), seq, off, limit)
}

func (d *disk) remove(s *segment) error {
	err := os.Remove(d.path(s.first))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (d *disk) save(consumer int, next uint64) error {
	return d.positions[consumer].save(next)
}

func (d *disk) close() error {
	err := d.finish()
	for _, p := range d.positions {
		err = errors.Join(err, p.file.Close())
	}
	return errors.Join(err, d.lock.Close())
}
