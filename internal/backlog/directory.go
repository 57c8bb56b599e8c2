package backlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

var errInUse = errors.New("another process is using it, or another log of this process")

// openDir makes dir the store of l, and fills l with its contents.
func (l *Log) openDir(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	lock, err := lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return err
	}
	d := &disk{dir: dir, lock: lock, create: createSegment}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	l.store, l.segmentBytes = d, max(1, min(maxSegmentBytes, l.maxBytes/8))

	found, err := list(dir)
	if err != nil {
		return err
	}
	r := recovery{log: l, disk: d}
	if err := r.readPositions(found.positions); err != nil {
		return err
	}
	for _, first := range found.segments {
		if err := r.readSegment(first); err != nil {
			return err
		}
	}
	if err := r.startConsumers(); err != nil {
		return err
	}
	r.forgetGone()
	l.remove(append(l.release(), l.evict(0)...))
	return nil
}

// files are the files of a log in a directory.
type files struct {
	segments  []uint64 // sequence numbers of the first records, sorted
	positions []string // file names
}

// list returns the files of a log. It removes temporary ones and ignores all other files.
func list(dir string) (files, error) {
	entries, err := os.ReadDir(dir) // sorted by name, and so by sequence number
	if err != nil {
		return files{}, err
	}
	var found files
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case !entry.Type().IsRegular():
		case strings.HasSuffix(name, positionSuffix+temporarySuffix):
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return files{}, err
			}
		case strings.HasSuffix(name, positionSuffix):
			found.positions = append(found.positions, name)
		case strings.HasSuffix(name, segmentSuffix):
			first, err := strconv.ParseUint(strings.TrimSuffix(name, segmentSuffix), 16, 64)
			if err == nil && first < maxSeq && name == fmt.Sprintf("%016x%s", first, segmentSuffix) {
				found.segments = append(found.segments, first)
			}
		}
	}
	return found, nil
}
