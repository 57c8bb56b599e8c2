package naming

import (
	"strconv"

	common "github.com/prometheus/common/model"
)

// appendEscapedName appends the result of common.EscapeName for a name that is not a legacy name.
// isLegacy reports whether a rune may stay as it is.
func appendEscapedName(buf []byte, name string, scheme common.EscapingScheme, isLegacy func(r rune, i int) bool) []byte {
	if scheme == common.ValueEncodingEscaping {
		buf = append(buf, "U__"...)
	}
	for i, r := range name {
		switch {
		case r == '_' && scheme != common.UnderscoreEscaping:
			buf = append(buf, "__"...)
		case isLegacy(r, i):
			buf = append(buf, byte(r))
		default:
			buf = appendEscapedRune(buf, r, scheme)
		}
	}
	return buf
}

func appendEscapedRune(buf []byte, r rune, scheme common.EscapingScheme) []byte {
	switch scheme {
	case common.UnderscoreEscaping:
		return append(buf, '_')
	case common.DotsEscaping:
		if r == '.' {
			return append(buf, "_dot_"...)
		}
		return append(buf, "__"...)
	case common.ValueEncodingEscaping:
		buf = append(buf, '_')
		buf = strconv.AppendInt(buf, int64(r), 16)
		return append(buf, '_')
	default:
		panic("BUG: naming: unknown escaping scheme")
	}
}

// isLegacyLabelRune reports whether r may stand at byte i of a legacy label name. Unlike
// common.EscapeName, it rejects colons: Prometheus would refuse the scrape.
func isLegacyLabelRune(r rune, i int) bool { return r != ':' && isLegacyRune(r, i) }

// isLegacyRune reports whether r may stand at byte i of a legacy metric name.
func isLegacyRune(r rune, i int) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', r == ':':
		return true
	default:
		return '0' <= r && r <= '9' && i > 0
	}
}
