package main

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/luxfi/metric"
)

// newBackups returns a collector that looks at the files below a directory.
func newBackups(dir string) metric.Collector {
	labels := metric.Labels{"dir": dir}
	files := metric.NewDesc("backup_files", "Number of files.", nil, labels)
	size := metric.NewDesc("backup_size_bytes", "Size of all files.", nil, labels)
	newest := metric.NewDesc("backup_newest_timestamp_seconds", "Time of the newest file.", nil, labels)

	describe := func(ch chan<- *metric.Desc) {
		ch <- files
		ch <- size
		ch <- newest
	}
	collect := func(ctx context.Context, ch chan<- metric.Metric) {
		var count, bytes int64
		var last time.Time
		err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err() // The scrape is out of time, or its client has gone away.
			}
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			count, bytes = count+1, bytes+info.Size()
			if info.ModTime().After(last) {
				last = info.ModTime()
			}
			return nil
		})
		if err != nil {
			ch <- metric.NewInvalidMetric(files, err) // This makes the run a failure.
			return
		}
		ch <- metric.MustNewConstMetric(files, metric.GaugeValue, float64(count))
		ch <- metric.MustNewConstMetric(size, metric.GaugeValue, float64(bytes))
		if count > 0 {
			ch <- metric.MustNewConstMetric(newest, metric.GaugeValue, float64(last.UnixMilli())/1e3)
		}
	}
	return metric.NewCollectorFunc(describe, collect)
}
