package main

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	metrics "github.com/luxfi/metric"
)

// newBackups returns a collector that looks at the files below a directory.
func newBackups(dir string) metrics.Collector {
	labels := metrics.Labels{"dir": dir}
	files := metrics.NewDesc("backup_files", "Number of files.", nil, labels)
	size := metrics.NewDesc("backup_size_bytes", "Size of all files.", nil, labels)
	newest := metrics.NewDesc("backup_newest_timestamp_seconds", "Time of the newest file.", nil, labels)

	describe := func(ch chan<- *metrics.Desc) {
		ch <- files
		ch <- size
		ch <- newest
	}
	collect := func(ctx context.Context, ch chan<- metrics.Metric) {
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
			ch <- metrics.NewInvalidMetric(files, err) // This makes the run a failure.
			return
		}
		ch <- metrics.MustNewConstMetric(files, metrics.GaugeValue, float64(count))
		ch <- metrics.MustNewConstMetric(size, metrics.GaugeValue, float64(bytes))
		if count > 0 {
			ch <- metrics.MustNewConstMetric(newest, metrics.GaugeValue, float64(last.UnixMilli())/1e3)
		}
	}
	return metrics.NewCollectorFunc(describe, collect)
}
