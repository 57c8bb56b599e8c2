package clientmodel

import (
	"bytes"
	"fmt"

	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/prototext"
)

// ForeignEncoder returns what expfmt.NewEncoder does for the formats that our own encoders do not
// write. That function would link the encoders of all others, too. The format OpenMetrics is left
// to openMetrics2. ForeignEncoder panics if the format is unknown.
func ForeignEncoder(format expfmt.Format, openMetrics2 func(*bytes.Buffer, *Family) error) func(*bytes.Buffer, *Family) error {
	switch format.FormatType() {
	case expfmt.TypeProtoCompact:
		return func(w *bytes.Buffer, mf *Family) error {
			_, err := fmt.Fprintln(w, mf.String())
			return err
		}
	case expfmt.TypeProtoText:
		return func(w *bytes.Buffer, mf *Family) error {
			_, err := fmt.Fprintln(w, prototext.Format(mf))
			return err
		}
	case expfmt.TypeOpenMetrics:
		return openMetrics2
	default:
		panic(fmt.Errorf("cannot serve the unknown format %q", format))
	}
}

// OpenMetrics2Encoder returns an encoder of OpenMetrics 2.0, with _created lines or without.
func OpenMetrics2Encoder(created bool) func(*bytes.Buffer, *Family) error {
	var opts []expfmt.EncoderOption
	if created {
		opts = append(opts, expfmt.WithCreatedLines())
	}
	return func(w *bytes.Buffer, mf *Family) error {
		_, err := expfmt.MetricFamilyToOpenMetrics20(w, mf, opts...)
		return err
	}
}
