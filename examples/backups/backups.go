package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/luxfi/metric"
)

// newBackups returns a collector that counts the files below a directory.
func newBackups(dir string) metric.Collector {
	files := metric.NewDesc("backup_files", "Number of backups.", nil, metric.Labels{"dir": dir})
	describe := func(ch chan<- *metric.Desc) { ch <- files }
	collect := func(ctx context.Context, ch chan<- metric.Metric) {
		count := 0
		err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				count++
			}
			return errors.Join(err, ctx.Err())
		})
		if err != nil {
			ch <- metric.NewInvalidMetric(files, err) // The run has failed.
			return
		}
		ch <- metric.MustNewConstMetric(files, metric.GaugeValue, float64(count))
	}
	return metric.NewCollectorFunc(describe, collect)
}
