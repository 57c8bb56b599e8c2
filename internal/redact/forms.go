package redact

import "strings"

// kind describes how the value of a key is written.
type kind uint8

const (
	harmless kind = iota
	secret        // The value follows a separator.
	password      // The value may also follow a blank if it is in quotes.
	header        // The value extends to the end of the line.
)

// maxKey is the number of bytes at the end of a word that are examined.
const maxKey = 64

// keyEnds are the ends of the keys of credentials, in lower case and without separators.
var keyEnds = []struct {
	end  string
	kind kind
}{
	{"password", password},
	{"passwd", password},
	{"passphrase", password},
	{"passwort", password},
	{"pwd", password},
	{"dbpass", password},
	{"userpass", password},
	{"requirepass", password},
	{"secret", secret},
	{"token", secret},
	{"apikey", secret},
	{"accesskey", secret},
	{"accesskeyid", secret},
	{"accountkey", secret},
	{"authkey", secret},
	{"privatekey", secret},
	{"secretkey", secret},
	{"sharedkey", secret},
	{"credential", secret},
	{"credentials", secret},
	{"signature", secret},
	{"sessionid", secret},
	{"jwt", secret},
	{"authorization", header},
	{"cookie", header},
}

// shortKeys are too short to be recognized as the end of any word. They are keys only as whole words or
// after a separator.
var shortKeys = map[string]kind{"pass": password, "pw": password, "sig": secret}

// kindOf returns the kind of a key, and reports whether the key is one of shortKeys.
func kindOf(word string) (k kind, short bool) {
	word = word[max(0, len(word)-maxKey):]
	var (
		buffer [maxKey]byte
		key    = buffer[:0]
		last   int // start of the last part
	)
	for i := range len(word) {
		switch c := word[i]; {
		case c == '_' || c == '-' || c == '.':
			last = len(key)
		case c >= 'A' && c <= 'Z':
			if i > 0 && word[i-1] >= 'a' && word[i-1] <= 'z' {
				last = len(key)
			}
			key = append(key, c|0x20)
		default:
			key = append(key, c)
		}
	}
	for len(key) > last && isDigit(key[len(key)-1]) {
		key = key[:len(key)-1] // password1
	}
	if k, ok := shortKeys[string(key[last:])]; ok {
		return k, true
	}
	for _, k := range keyEnds {
		if len(key) >= len(k.end) && string(key[len(key)-len(k.end):]) == k.end {
			return k.kind, false
		}
	}
	return harmless, false
}

// saysNothing reports whether a value is not a credential but says whether there is one.
func saysNothing(value string) bool {
	switch strings.ToLower(value[:min(len(value), 10)]) {
	case "yes", "no", "true", "false", "none", "nil", "null", "<nil>", "empty", "unset":
		return true
	default:
		return false
	}
}

// schemeOf returns the length of the authentication scheme at the beginning of a header, including the
// blank after it. It returns 0 unless there is a scheme whose credentials are one word.
func schemeOf(value string) int {
	for _, scheme := range []string{"bearer ", "basic ", "token ", "negotiate ", "apikey "} {
		if len(value) >= len(scheme) && strings.EqualFold(value[:len(scheme)], scheme) {
			return skipBlanks(value, len(scheme))
		}
	}
	return 0
}

// looksRandom reports whether a word looks more like a token than like a word of a language.
func looksRandom(word string) bool {
	return len(word) >= 20 || len(word) >= 6 && strings.ContainsAny(word, digits)
}

// wordLength returns the length of the token68 (RFC 9110, 11.2) at the beginning of text, without the
// padding.
func wordLength(text string) int {
	for i := range len(text) {
		if c := text[i]; !isWord(c) && c != '~' && c != '+' && c != '/' {
			return i
		}
	}
	return len(text)
}

// isBasic reports whether text begins with base64, as the credentials of the scheme Basic do, rather
// than with a word.
func isBasic(text string) bool {
	const shortest = 8
	n := wordLength(text)
	word := text[:n]
	for n < len(text) && n < len(word)+2 && text[n] == '=' {
		n++
	}
	if n < len(text) && (isWord(text[n]) || text[n] == '=') {
		return false
	}
	mixed := strings.ToLower(word) != word && strings.ToUpper(word) != word
	return n >= shortest && mixed && !strings.HasPrefix(word, Mark) && (n > len(word) || looksRandom(word))
}

// quotedEnd returns the end of a value in quotes that begins at from: the next quote that is preceded
// by no more backslashes than the opening one, or the end of the line.
func quotedEnd(text string, from int, quote string) int {
	mark := quote[len(quote)-1]
	i := from
	for ; i < len(text) && text[i] != '\n'; i++ {
		if text[i] != mark {
			continue
		}
		if n := backslashesBefore(text[from:i], len(quote)); n < len(quote) {
			return i - n
		}
	}
	return i
}

// unquotedEnd returns the end of a value that begins at from.
func unquotedEnd(text string, from int) int {
	i := from
	for i < len(text) && !isBlank(text[i]) && (!isCloser(text[i]) || !endsValue(text, i)) {
		i++
	}
	return i
}

// headerEnd returns the end of a header's value that begins at from: the end of the line, or of the
// construct that contains the header.
func headerEnd(text string, from int) int {
	var inside byte // quote of a parameter
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n' || c == '\r':
			return i
		case inside != 0:
			if c == inside {
				inside = 0
			}
		case c == '"' || c == '\'' || c == '`':
			if i == from || text[i-1] != '=' {
				return i
			}
			inside = c
		case c == ']':
			return i
		}
	}
	return len(text)
}

// endsValue reports whether an unquoted value ends before the byte at i, which is a closing or
// separating byte. It ends there if a blank, another such byte or the next key follows.
func endsValue(text string, i int) bool {
	rest := text[i+1:]
	if rest == "" || isBlank(rest[0]) || isCloser(rest[0]) || strings.IndexByte(".:\\", rest[0]) >= 0 {
		return true
	}
	if strings.IndexByte("&;,", text[i]) < 0 {
		return false
	}
	n := 0
	for n < len(rest) && n < maxKey && isWord(rest[n]) {
		n++
	}
	return n > 0 && n < len(rest) && (rest[n] == '=' || rest[n] == ':')
}

func isCloser(c byte) bool { return strings.IndexByte("&;,)]}>\"'`", c) >= 0 }

// skipBlanks returns the position of the first byte at or after i that is not a blank, up to a limit.
func skipBlanks(text string, i int) int {
	for end := min(len(text), i+maxKey); i < end && (text[i] == ' ' || text[i] == '\t'); i++ {
	}
	return i
}

// skipQuote returns the position after the quote at i, which may be escaped, or i if there is no quote.
func skipQuote(text string, i int) int {
	j := i
	for end := min(len(text), i+maxKey); j < end && text[j] == '\\'; j++ {
	}
	if j < len(text) && (text[j] == '"' || text[j] == '\'' || text[j] == '`') {
		return j + 1
	}
	return i
}

// backslashesBefore counts the backslashes at the end of text, up to a limit.
func backslashesBefore(text string, limit int) (n int) {
	for n < limit && n < len(text) && text[len(text)-1-n] == '\\' {
		n++
	}
	return n
}

const digits = "0123456789"

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isPort(text string) bool {
	return len(text) <= len("65535") && strings.Trim(text, digits) == ""
}

// startsUser reports whether a user name may follow c.
func startsUser(c byte) bool { return endsToken(c) || strings.IndexByte("([{=,;|%+~!$*", c) >= 0 }

func endsToken(c byte) bool { return isBlank(c) || strings.IndexByte("\"'`<>", c) >= 0 }

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c >= 0x80
}
