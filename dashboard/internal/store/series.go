package store

import (
	"strconv"
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// oneNumber is a series together with the memory for its only column.
type oneNumber struct {
	column [1]int32
	series Series
}

// newSeries returns a series without columns.
func newSeries(f *model.Family, p *model.Point, shape *Shape) *Series {
	var s *Series
	if shape.width() == 1 {
		one := new(oneNumber)
		s = &one.series
		s.Cols = one.column[:0]
	} else {
		s = &Series{Cols: make([]int32, 0, shape.width())}
	}
	// Clone, because labels that need no unescaping may be a part of a much larger text.
	s.Key = strings.Clone(p.Labels.Text())
	s.Labels = model.RawLabels(s.Key, p.Labels.Quoted()).List()
	s.Shape = shape
	s.Created = p.Created
	s.Bytes = exposedBytes(f, p, s)
	return s
}

// memory returns the memory of a series, without its numbers in recordings.
func (s *Series) memory() int {
	const (
		header    = 112 // a Series with a column, as the runtime allocates it
		label     = 32
		roundedUp = 16
	)
	n := header + (len(s.Key)+roundedUp-1)/roundedUp*roundedUp + cap(s.Labels)*label
	if strings.IndexByte(s.Key, '\\') >= 0 {
		n += len(s.Key) // values outside of the key, because they were unescaped
	}
	if cap(s.Cols) > 1 {
		n += cap(s.Cols) * 4
	}
	if s.ownsShape {
		n += s.Shape.memory()
	}
	return n
}

// exposedBytes returns the approximate length of a series in a text exposition. Native buckets, which
// that format lacks, count as much as in protobuf.
func exposedBytes(f *model.Family, p *model.Point, s *Series) int {
	const (
		braces      = len("{} \n")
		bucket      = len(`_bucket,le="0.25"`)
		count, sum  = len("_count"), len("_sum")
		quantile    = len(`,quantile="0.99"`)
		typical     = 6 // typical number of digits
		nativeBytes = 6 // of a bucket
	)
	line := len(f.Name) + len(s.Key) + braces
	switch s.Shape.Kind {
	case Histogram:
		n := 2*line + count + sum + 2*typical + p.Histogram.NumBuckets()*(line+bucket+typical)
		if s.Shape.Native {
			n += len(s.Shape.Buckets) * nativeBytes
		}
		return n
	case Summary:
		return 2*line + count + sum + 2*typical + len(p.Summary.Quantiles)*(line+quantile+typical)
	case StateSet:
		n := 0
		for _, state := range p.States.Names {
			n += line + len(f.Name) + len(state) + len(`,=""0`)
		}
		return n
	default:
		var buf [32]byte
		return line + len(strconv.AppendFloat(buf[:0], p.Value, 'g', -1, 64))
	}
}

// headerBytes returns the approximate length of a family's lines before its series.
func headerBytes(f *model.Family) int {
	n := len("# TYPE  \n") + len(f.Name) + len(f.Type.String())
	if !f.NoHelp {
		n += len("# HELP  \n") + len(f.Name) + len(f.Help)
	}
	if f.Unit != "" {
		n += len("# UNIT  \n") + len(f.Name) + len(f.Unit)
	}
	return n
}
