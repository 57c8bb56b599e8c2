package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/exporter"
)

var (
	filesDesc  = metric.NewDesc("spool_queue_files", "Number of files that wait.", []string{"queue"}, nil)
	bytesDesc  = metric.NewDesc("spool_queue_bytes", "Size of the files that wait.", []string{"queue"}, nil)
	oldestDesc = metric.NewDesc("spool_queue_oldest_timestamp_seconds", "Time of the file that has waited longest.", []string{"queue"}, nil)
)

// queue is the number, size and age of the files in a folder.
type queue struct {
	name         string
	files, bytes int64
	oldest       time.Time
}

// newQueues returns a collector of the files whose names match pattern in the folders of a directory.
func newQueues(directory, pattern string) (metric.Collector, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("%w: pattern %q: %w", exporter.ErrInvalid, pattern, err)
	}
	collect := func(ctx context.Context, sink *metric.Sink) error {
		entries, err := os.ReadDir(directory)
		if err != nil {
			return err
		}
		var queues []queue
		var failures []error // Errors of queues that cannot be read. The other queues are exported.
		for _, entry := range entries {
			if !entry.IsDir() {
				continue
			}
			if q, err := readQueue(ctx, directory, entry.Name(), pattern); err != nil {
				failures = append(failures, err)
			} else {
				queues = append(queues, q)
			}
		}
		if len(queues) == 0 && len(failures) == 0 {
			return exporter.ErrNoData
		}
		return errors.Join(append(failures, write(sink, queues))...)
	}
	return metric.NewStreamFunc([]*metric.Desc{filesDesc, bytesDesc, oldestDesc}, collect), nil
}

// readQueue examines the files in a folder.
func readQueue(ctx context.Context, directory, name, pattern string) (queue, error) {
	q := queue{name: name}
	entries, err := os.ReadDir(filepath.Join(directory, name))
	if err != nil {
		return q, err
	}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return q, ctx.Err() // The scrape is out of time, or its client has gone away.
		}
		if matches, _ := filepath.Match(pattern, entry.Name()); !matches || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // The file has left the queue.
		} else if err != nil {
			return q, err
		}
		q.files, q.bytes = q.files+1, q.bytes+info.Size()
		if q.oldest.IsZero() || info.ModTime().Before(q.oldest) {
			q.oldest = info.ModTime()
		}
	}
	return q, nil
}

// write writes the families one after the other.
func write(sink *metric.Sink, queues []queue) error {
	var errs []error
	for _, q := range queues {
		errs = append(errs, sink.Gauge(filesDesc, float64(q.files), q.name))
	}
	for _, q := range queues {
		errs = append(errs, sink.Gauge(bytesDesc, float64(q.bytes), q.name))
	}
	for _, q := range queues {
		if q.files > 0 {
			errs = append(errs, sink.Gauge(oldestDesc, float64(q.oldest.UnixMilli())/1e3, q.name))
		}
	}
	return errors.Join(errs...)
}
