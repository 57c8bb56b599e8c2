package metric

import (
	"bytes"
	"fmt"

	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/prototext"
)

// foreignEncoder returns what expfmt.NewEncoder does for the formats that web.EncoderFormat
// does not know. The latter would link the encoders for all others, too.
func (h *handler) foreignEncoder(format expfmt.Format) func(*bytes.Buffer, *MetricFamily) error {
	switch format.FormatType() {
	case expfmt.TypeProtoCompact:
		return func(w *bytes.Buffer, mf *MetricFamily) error {
			_, err := fmt.Fprintln(w, mf.String())
			return err
		}
	case expfmt.TypeProtoText:
		return func(w *bytes.Buffer, mf *MetricFamily) error {
			_, err := fmt.Fprintln(w, prototext.Format(mf))
			return err
		}
	case expfmt.TypeOpenMetrics:
		return h.openMetrics2
	default:
		panic(fmt.Errorf("cannot serve the unknown format %q", format))
	}
}

func openMetrics2Encoder(created bool) func(*bytes.Buffer, *MetricFamily) error {
	var opts []expfmt.EncoderOption
	if created {
		opts = append(opts, expfmt.WithCreatedLines())
	}
	return func(w *bytes.Buffer, mf *MetricFamily) error {
		_, err := expfmt.MetricFamilyToOpenMetrics20(w, mf, opts...)
		return err
	}
}
