package web

import (
	"bytes"
	"fmt"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/prototext"
)

// FamilyEncoder encodes one family.
type FamilyEncoder = func(*bytes.Buffer, *dto.MetricFamily) error

// ForeignEncoder returns what expfmt.NewEncoder does for the formats that EncoderFormat does not
// know, given what encodes OpenMetrics 2.0. NewEncoder would link the encoders for all others, too.
func ForeignEncoder(format expfmt.Format, openMetrics2 FamilyEncoder) FamilyEncoder {
	switch format.FormatType() {
	case expfmt.TypeProtoCompact:
		return func(w *bytes.Buffer, mf *dto.MetricFamily) error {
			_, err := fmt.Fprintln(w, mf.String())
			return err
		}
	case expfmt.TypeProtoText:
		return func(w *bytes.Buffer, mf *dto.MetricFamily) error {
			_, err := fmt.Fprintln(w, prototext.Format(mf))
			return err
		}
	case expfmt.TypeOpenMetrics:
		return openMetrics2
	default:
		panic(fmt.Errorf("cannot serve the unknown format %q", format))
	}
}

// OpenMetrics2 returns what encodes OpenMetrics 2.0.
func OpenMetrics2(created bool) FamilyEncoder {
	var opts []expfmt.EncoderOption
	if created {
		opts = append(opts, expfmt.WithCreatedLines())
	}
	return func(w *bytes.Buffer, mf *dto.MetricFamily) error {
		_, err := expfmt.MetricFamilyToOpenMetrics20(w, mf, opts...)
		return err
	}
}
