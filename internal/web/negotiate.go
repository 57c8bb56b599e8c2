package web

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric/internal/encode"
)

// Offer holds the formats and codings that a handler can answer with.
type Offer struct {
	Codings []Coding // the preferred coding first; if empty, Accept-Encoding is ignored

	formats []expfmt.Format // the preferred format first
	// unnamed holds the formats for clients whose Accept header does not name OpenMetrics 2. named reports
	// whether a header names it. SetFormats sets the two fields if formats contains OpenMetrics 2. No other
	// function does, so that the linker can leave out the code for OpenMetrics 2.
	unnamed []expfmt.Format
	named   func(accept string) bool
}

// SetFormats offers formats, the preferred one first, except versions of OpenMetrics that package encode
// and expfmt cannot write. Clients that accept none of the offered formats get the text format if it is
// offered, and otherwise the first format.
//
// Only clients that name OpenMetrics 2 get it, because a client that sends a wildcard may be unable to read
// it. If nothing else is offered, other clients get the text format.
func (o *Offer) SetFormats(formats []expfmt.Format) {
	o.formats = slices.DeleteFunc(slices.Clone(formats), func(f expfmt.Format) bool { return !isSpoken(f) })
	o.unnamed = slices.DeleteFunc(slices.Clone(o.formats), isOpenMetrics2)
	if len(o.unnamed) < len(o.formats) {
		o.named = namesOpenMetrics2
	}
}

// DefaultOffer returns an offer of the formats that a handler offers by default.
func DefaultOffer(openMetrics bool) Offer {
	if openMetrics {
		return Offer{formats: expfmt.DefaultOpenMetricsAcceptedFormats()}
	}
	return Offer{formats: expfmt.DefaultAcceptedFormats()}
}

// Negotiate returns the format and the coding of the offer that best suit the headers of a request. It sets
// the answer's headers Content-Type and Vary. Vary lists the request headers on which the choice depends.
func (o *Offer) Negotiate(answer, request http.Header) (expfmt.Format, Coding) {
	formats := o.formats
	if o.named != nil && !o.named(request.Get("Accept")) {
		formats = o.unnamed
	}
	format, coding := expfmt.NegotiateAccept(request, formats...), Identity
	addVary(answer, "Accept")
	if len(o.Codings) > 0 {
		addVary(answer, "Accept-Encoding")
		if !isEncoded(answer) {
			coding = negotiateCoding(request.Values("Accept-Encoding"), o.Codings)
		}
	}
	answer.Set("Content-Type", string(format))
	return format, coding
}

// openMetrics2 is the only version 2 that Prometheus reads as version 2. It reads the release candidates of
// version 2 as version 1.
const openMetrics2 = expfmt.OpenMetricsVersion_2_0_0

func isOpenMetrics2(format expfmt.Format) bool {
	return format.FormatType() == expfmt.TypeOpenMetrics && format.Version() == openMetrics2
}

// namesOpenMetrics2 reports whether an Accept header asks for OpenMetrics 2 by name.
func namesOpenMetrics2(accept string) bool {
	for spec := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(spec)
		if err != nil || name != expfmt.OpenMetricsType || params["version"] != openMetrics2 {
			continue
		}
		if q, ok := params["q"]; !ok || quality("q="+q) > 0 {
			return true
		}
	}
	return false
}

// isSpoken reports whether a handler can write a format. For the other versions of OpenMetrics, expfmt
// would write version 1 and call it that version.
func isSpoken(format expfmt.Format) bool {
	if format.FormatType() != expfmt.TypeOpenMetrics {
		return true
	}
	switch format.Version() {
	case "", expfmt.OpenMetricsVersion_0_0_1, expfmt.OpenMetricsVersion_1_0_0, openMetrics2:
		return true
	default:
		return false
	}
}

// EncoderFormat returns the format of package encode for a format of expfmt. It returns false if only
// expfmt knows the format.
func EncoderFormat(format expfmt.Format) (encode.Format, bool) {
	switch format.FormatType() {
	case expfmt.TypeTextPlain:
		return encode.Text, true
	case expfmt.TypeOpenMetrics:
		if isOpenMetrics2(format) {
			return encode.OpenMetrics2, true
		}
		return encode.OpenMetrics, true
	case expfmt.TypeProtoDelim:
		return encode.Protobuf, true
	default:
		return 0, false
	}
}

// isEncoded reports whether middleware around the handler compresses the response, and so has set the
// header Content-Encoding.
func isEncoded(h http.Header) bool { return h.Get("Content-Encoding") != "" }

// addVary adds a field to the header Vary, unless it is already there.
func addVary(h http.Header, field string) {
	for _, line := range h.Values("Vary") {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); strings.EqualFold(name, field) || name == "*" {
				return
			}
		}
	}
	h.Add("Vary", field)
}

// negotiateCoding returns the offer that best suits an Accept-Encoding header (RFC 9110, 12.5.3): the one
// with the highest quality, or the first offered of several. The header states a quality for each coding
// that it names, and with "*" for all other codings. Without "*", the client does not accept other codings.
// If the client accepts no offer, the response is not compressed. This is so even if the header refuses
// uncompressed responses, because they are of more use to the client than 406 Not Acceptable.
func negotiateCoding(headers []string, offers []Coding) Coding {
	qualities := make([]float64, len(offers)) // qualities of named codings
	for i := range qualities {
		qualities[i] = -1
	}
	others := -1.0
	for _, header := range headers {
		for spec := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(spec, ";")
			switch name = strings.ToLower(strings.TrimSpace(name)); name {
			case "*":
				others = max(others, quality(params))
				continue
			case "x-gzip":
				name = string(Gzip)
			}
			for i, offer := range offers {
				if string(offer) == name {
					qualities[i] = max(qualities[i], quality(params))
				}
			}
		}
	}
	best, bestQuality := Identity, 0.0
	for i, q := range qualities {
		if q < 0 {
			q = others
		}
		if q > bestQuality && offers[i].isKnown() {
			best, bestQuality = offers[i], q
		}
	}
	return best
}

// quality returns the weight among the parameters of a coding. It is 1 if the parameters have no weight,
// and 0, which means never, if the weight is not a number from 0 to 1.
func quality(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(param, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		value = strings.TrimSpace(value)
		q, err := strconv.ParseFloat(value, 64)
		if err != nil || strings.Trim(value, "0123456789.") != "" || !(q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
