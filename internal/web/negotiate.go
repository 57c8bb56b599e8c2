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

// Offer is what a handler can answer with.
type Offer struct {
	Codings []Coding // The preferred first. Without any, the request is not asked.

	formats []expfmt.Format // The preferred first.
	// unnamed are the formats for clients of which named reports false. Only SetFormats sets
	// the two, if formats has OpenMetrics 2: other programs do not contain what they need.
	unnamed []expfmt.Format
	named   func(accept string) bool
}

// SetFormats makes formats, the preferred first, what is offered, but for versions of OpenMetrics
// that cannot be written. Clients that accept none of them get the text format if it is among them,
// otherwise the first one.
//
// OpenMetrics 2 is only for clients that name it: what the others can read, no wildcard says. If
// there is nothing else, they get the text format.
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

// Negotiate returns the format and the coding of the offer that suit the headers of a request
// best. It sets the Content-Type of the answer and the header Vary, which says what the choice
// depends on.
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

// openMetrics2 is the only version 2 that Prometheus reads as such. It takes the release candidates
// for version 1.
const openMetrics2 = expfmt.OpenMetricsVersion_2_0_0

func isOpenMetrics2(format expfmt.Format) bool {
	return format.FormatType() == expfmt.TypeOpenMetrics && format.Version() == openMetrics2
}

// namesOpenMetrics2 reports whether an Accept header asks for OpenMetrics 2 by its name.
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

// isSpoken reports whether a format is not a version of OpenMetrics that cannot be written. expfmt
// would write version 1 under its name.
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

// EncoderFormat returns the format that the encoders of package encode know by that name. It
// reports false if only expfmt knows the format.
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

// isEncoded reports whether the body of a response gets a content coding around the handler:
// a middleware that compresses what is written has said so in the header.
func isEncoded(h http.Header) bool { return h.Get("Content-Encoding") != "" }

// addVary adds a field to the header Vary, unless it is there.
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

// negotiateCoding returns which of the offers suits an Accept-Encoding header best (RFC
// 9110, 12.5.3): the one with the highest quality, among equals the one offered first. The
// quality of a coding that is named is its own; "*" speaks for all others. A coding that
// neither names is not wanted.
//
// If no offer is wanted, the response is not compressed, even if the header refuses that, too:
// a client that has asked for metrics is better off with them than with 406 Not Acceptable.
func negotiateCoding(headers []string, offers []Coding) Coding {
	qualities := make([]float64, len(offers)) // Of what is named.
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

// quality returns the weight among the parameters of a coding. It is 1 if there is none and
// 0, which means never, if it is not a number from 0 to 1.
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
