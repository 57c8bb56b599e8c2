package clientmodel

import (
	"bytes"
	"fmt"

	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/prototext"
)

// ForeignEncoder returns an encoder that writes the same as the one from expfmt.NewEncoder, for a format that
// package encode does not write. Calling NewEncoder would also link the encoders of all other formats.
// ForeignEncoder panics if the format is unknown.
func ForeignEncoder(format expfmt.Format) func(*bytes.Buffer, *Family) error {
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
	default:
		panic(fmt.Errorf("cannot serve the unknown format %q", format))
	}
}
