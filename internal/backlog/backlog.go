// Package backlog keeps remote-write requests until every target has finished with them.
// A [Log] is a queue with several consumers. Each consumer reads all appended records, in order and at its
// own pace. The log is bounded: when it is full, it drops the oldest records, and the consumers that have not
// taken them yet lose them. For each consumer, a record is done, dropped or pending. The log counts the
// records and their samples in each of these states exactly.
// A log is kept in memory, or on disk if [Options] names a directory. A log on disk survives the end of the
// process, even by kill -9: the next Open finds every record that was not done. It may also find some of the
// last records that were done, so a consumer gets each record at least once. The log does not sync its files.
// If the machine loses power, records that the operating system has not yet written are lost, and Open
// reports the damage.
package backlog

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/luxfi/metric/internal/writereq"
)

// Options says where a log is kept and how large it can grow.
type Options struct {
	// Dir is the directory of the log. It is created if it does not exist, and only one Log at a time can use
	// it. If Dir is empty, the log is kept in memory.
	Dir string

	// MaxBytes limits the size of the log in bytes. It must be positive. While a record is appended, the log
	// can exceed MaxBytes by the size of that record. A record that the log has dropped while a consumer
	// holds it takes memory in addition.
	MaxBytes int64
}

// Position is a place between two records. It is valid only for the [Log] that returned it.
type Position uint64

// Tally counts records, their contents and their bytes.
type Tally struct {
	writereq.Counts

	Records int
	Bytes   int64 // size in the log, including record heads
}

func (t *Tally) add(other Tally) {
	t.Add(other.Counts)
	t.Records += other.Records
	t.Bytes += other.Bytes
}

func (t *Tally) sub(other Tally) {
	t.Sub(other.Counts)
	t.Records -= other.Records
	t.Bytes -= other.Bytes
}

var (
	// ErrClosed is returned by the methods of a closed log.
	ErrClosed = errors.New("backlog: the log is closed")
	// ErrTooLarge is wrapped by the error of [Log.Append] for a record that is larger than the log.
	ErrTooLarge = errors.New("the record is too large")
)

// maxRecordBytes is the maximum size of a record. It lets a record fit into memory on 32-bit platforms.
const maxRecordBytes = math.MaxInt32

// Open returns a log for the named consumers. In the Log's methods, a consumer is its index in
// consumers.
//
// The names identify the consumers in the directory. A consumer that the directory knows starts at the
// oldest record that it has not finished with. A consumer that is new to a directory with other
// consumers starts at the end, because the existing records are older than that consumer. Open discards the
// records of known consumers that are not in consumers, and reports the loss by [Log.Faults].
//
// Open also reports damage that it can work around by [Log.Faults]. It fails if the directory is in use
// or its files cannot be read.
func Open(opts Options, consumers []string) (*Log, error) {
	if opts.MaxBytes <= 0 {
		return nil, fmt.Errorf("backlog: the limit of the log is %d bytes; it must be positive", opts.MaxBytes)
	}
	if len(consumers) == 0 {
		return nil, errors.New("backlog: a log needs at least one consumer")
	}
	l := &Log{maxBytes: opts.MaxBytes}
	for i, name := range consumers {
		if slices.Contains(consumers[:i], name) {
			return nil, fmt.Errorf("backlog: two consumers have the name %q; names must differ", name)
		}
		l.consumers = append(l.consumers, &consumer{name: name})
	}
	if opts.Dir == "" {
		l.store = memory{}
		return l, nil
	}
	if err := l.openDir(opts.Dir); err != nil {
		return nil, fmt.Errorf("backlog: directory %s: %w", opts.Dir, err)
	}
	return l, nil
}
