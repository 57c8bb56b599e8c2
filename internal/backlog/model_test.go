package backlog_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/backlog"
	"github.com/luxfi/metric/internal/writereq"
)

// model implements a log with a few slices. It does not predict the number of dropped records, but learns it
// from the counts. They must be exactly the counts of the oldest records.
type model struct {
	t         *testing.T
	dir       string
	maxBytes  int64
	names     []string
	log       *backlog.Log
	records   []*writereq.Record // all appended records
	positions []backlog.Position // positions after each record, since the last Open
	consumers []modelConsumer
}

type modelConsumer struct {
	waiting  []int // records that were not taken
	inFlight int   // -1 if no record is in flight
	dropped  writereq.Counts
}

func (m *model) counts(ids []int) (sum writereq.Counts) {
	for _, id := range ids {
		sum.Add(m.records[id].Counts)
	}
	return sum
}

func (m *model) open() {
	m.log = open(m.t, m.dir, m.maxBytes, m.names...)
	m.positions = make([]backlog.Position, len(m.records))
	for i := range m.consumers {
		c := &m.consumers[i]
		c.dropped = writereq.Counts{}
		// Open returns a record that was in flight again, unless it was dropped in the meantime.
		if c.inFlight >= 0 && m.log.Pending(i).Records > len(c.waiting) {
			c.waiting = slices.Insert(c.waiting, 0, c.inFlight)
		}
		c.inFlight = -1
	}
}

func (m *model) append(r *writereq.Record) {
	p, err := m.log.Append(r)
	if err != nil {
		m.t.Fatal(err)
	}
	for i := range m.consumers {
		m.consumers[i].waiting = append(m.consumers[i].waiting, len(m.records))
	}
	m.records = append(m.records, r)
	m.positions = append(m.positions, p)
	m.learnDrops()
}

func (m *model) learnDrops() {
	for i := range m.consumers {
		c := &m.consumers[i]
		for got := m.log.Dropped(i).Counts; c.dropped != got; {
			if len(c.waiting) == 0 || c.dropped.Samples > got.Samples {
				m.t.Fatalf("dropped for consumer %d: %+v, which are not the counts of the oldest records", i, got)
			}
			c.dropped.Add(m.records[c.waiting[0]].Counts)
			c.waiting = c.waiting[1:]
		}
	}
}

func (m *model) take(i int) {
	c := &m.consumers[i]
	r, ok := take(m.t, m.log, i)
	if c.inFlight < 0 && len(c.waiting) > 0 {
		c.inFlight, c.waiting = c.waiting[0], c.waiting[1:]
	}
	if ok != (c.inFlight >= 0) {
		m.t.Fatalf("consumer %d has a record: %t, want %t", i, ok, !ok)
	}
	if ok && !reflect.DeepEqual(r, *m.records[c.inFlight]) {
		m.t.Fatalf("consumer %d got a record of %+v, want number %d", i, r.Counts, c.inFlight)
	}
}

func (m *model) done(i int) {
	done(m.t, m.log, i)
	m.consumers[i].inFlight = -1
}

// check compares the tallies and all positions.
func (m *model) check() {
	for i, c := range m.consumers {
		unfinished := c.waiting
		if c.inFlight >= 0 {
			unfinished = append([]int{c.inFlight}, c.waiting...)
		}
		got := m.log.Pending(i)
		if got.Counts != m.counts(unfinished) || got.Records != len(unfinished) {
			m.t.Fatalf("pending for consumer %d: %+v, want %+v in %d records", i, got, m.counts(unfinished), len(unfinished))
		}
		if (got.Bytes == 0) != (len(unfinished) == 0) {
			m.t.Fatalf("pending for consumer %d: %d bytes", i, got.Bytes)
		}
		for id, p := range m.positions {
			if want := len(unfinished) == 0 || id < unfinished[0]; p != 0 && m.log.Reached(i, p) != want {
				m.t.Fatalf("consumer %d has reached the end of record %d: %t, want %t", i, id, !want, want)
			}
		}
	}
	if m.dir != "" {
		if got := segmentBytes(m.t, m.dir); got > m.maxBytes {
			m.t.Fatalf("%d bytes on disk, limit %d", got, m.maxBytes)
		}
	}
	noFaults(m.t, m.log)
}

func (m *model) step(random *rand.Rand) {
	i := random.IntN(len(m.consumers))
	switch n := random.IntN(100); {
	case n < 35:
		m.append(record(len(m.records), random.IntN(400)))
	case n < 65:
		m.take(i)
	case n < 95:
		m.done(i)
	case n < 97:
		for range random.IntN(30) {
			m.append(record(len(m.records), random.IntN(400)))
		}
	case m.dir == "":
	case n < 98:
		m.dir = snapshot(m.t, m.dir)
		closeLog(m.t, m.log)
		m.open()
	default:
		closeLog(m.t, m.log)
		m.open()
	}
}

func TestModel(t *testing.T) {
	modes(t, func(t *testing.T, dir string) {
		for seed := range uint64(20) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 15))
				m := &model{t: t, dir: dir, maxBytes: 600 + random.Int64N(10_000)}
				if dir != "" {
					m.dir = filepath.Join(dir, fmt.Sprint(seed))
				}
				for i := range 1 + random.IntN(3) {
					m.names = append(m.names, fmt.Sprint(i))
					m.consumers = append(m.consumers, modelConsumer{inFlight: -1})
				}
				m.open()
				for range 400 {
					m.step(random)
					m.check()
				}
			})
		}
	})
}
