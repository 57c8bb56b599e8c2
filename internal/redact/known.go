package redact

import "strings"

// knownForms are keys and tokens that can be recognized by their beginning, wherever they occur. length
// is the minimum number of bytes.
var knownForms = []struct {
	prefix string
	length int
}{
	{"AKIA", 20}, {"ASIA", 20}, // AWS.
	{"ghp_", 24}, {"gho_", 24}, {"ghu_", 24}, {"ghs_", 24}, {"ghr_", 24}, {"github_pat_", 31}, // GitHub.
	{"glpat-", 26},                                                                           // GitLab.
	{"xoxb-", 14}, {"xoxp-", 14}, {"xoxa-", 14}, {"xoxr-", 14}, {"xoxs-", 14}, {"xapp-", 14}, // Slack.
	{"sk_live_", 24}, {"rk_live_", 24}, // Stripe.
	{"AIza", 39}, {"ya29.", 24}, // Google.
}

// shortestKnown is the least length in knownForms.
const shortestKnown = 14

// knownEnd returns the length of the known key or token in word, without the period of a sentence after
// it. It returns 0 if word is not one.
func knownEnd(word string) int {
	if len(word) < shortestKnown || strings.IndexByte("Aegrsxy", word[0]) < 0 {
		return 0
	}
	if strings.HasPrefix(word, "eyJ") {
		return jwtEnd(word)
	}
	for _, form := range knownForms {
		if !strings.HasPrefix(word, form.prefix) {
			continue
		}
		trimmed := strings.TrimRight(word, ".")
		if len(trimmed) < form.length || !hasDigit(trimmed) {
			return 0
		}
		if form.prefix[1:] == "KIA" || form.prefix[1:] == "SIA" {
			if len(trimmed) != form.length || strings.ToUpper(trimmed) != trimmed {
				return 0
			}
		}
		return len(trimmed)
	}
	return 0
}

// jwtEnd returns the length of a JSON Web Token (RFC 7519), or 0 if word is not a token. The header of a
// token begins with eyJ, because it is a JSON object in base64.
func jwtEnd(word string) int {
	const (
		shortest = 20 // of a token
		header   = 10 // of its first part
	)
	if len(word) < shortest || strings.IndexByte(word, '.') < header {
		return 0
	}
	return len(word)
}

func hasDigit(text string) bool { return strings.ContainsAny(text, digits) }

// isOracle reports whether the text is about an Oracle database. It searches the text only once.
func (s *scanner) isOracle() bool {
	if s.oracle == unknown {
		s.oracle = no
		for _, sign := range []string{"ORA-", "TNS-", "TNS:", "sqlplus", "oracle", "Oracle", "ORACLE", "godror", "oci8"} {
			if strings.Contains(s.text, sign) {
				s.oracle = yes
				break
			}
		}
	}
	return s.oracle == yes
}

// answer is a cached answer to a question; it is computed when it is needed.
type answer uint8

const (
	unknown answer = iota
	no
	yes
)

// slashed hides the password of user/password@host, the notation of Oracle. i is the position of the
// slash. Since names of packages and images look similar, the text must be about Oracle, or the part
// after it must look like an Oracle address.
func (s *scanner) slashed(i int) int {
	if i == s.word || s.word > 0 && s.text[s.word-1] != ':' && !startsUser(s.text[s.word-1]) {
		return i
	}
	t := s.tokenAt(i)
	at := t.at
	if at <= i+1 || strings.ContainsAny(s.text[i+1:at], "/:=") {
		return i
	}
	if host := s.text[at+1 : t.end]; isVersion(host) || !isOracleAddress(host) && !s.isOracle() {
		return i
	}
	return s.hide(i+1, at)
}

// isOracleAddress reports whether text begins like //host, (DESCRIPTION= or host:port/service.
func isOracleAddress(text string) bool {
	const description = "(DESCRIPTION"
	if strings.HasPrefix(text, "//") || len(text) > len(description) && strings.EqualFold(text[:len(description)], description) {
		return true
	}
	n := 0
	for n < len(text) && n < maxHost && isWord(text[n]) {
		n++
	}
	if n == 0 || n == len(text) || text[n] != ':' {
		return false
	}
	port := n + 1
	for n = port; n < len(text) && n-port < len("65535") && isDigit(text[n]); n++ {
	}
	return n > port && n+1 < len(text) && (text[n] == '/' || text[n] == ':') && isWord(text[n+1])
}

// isVersion reports whether text is the version of a package or image.
func isVersion(text string) bool {
	return strings.HasPrefix(text, "sha256:") || len(text) > 1 && text[0] == 'v' && isDigit(text[1])
}

// maxHost is the maximum number of bytes of a host name (RFC 1035).
const maxHost = 255

// flag hides the password of curl's flag -u user:password, which ends at i. For other commands, the
// flag has another meaning.
func (s *scanner) flag(word string, i int) int {
	switch word {
	case "-u", "-U", "--user", "--proxy-user":
	default:
		if s.text[i] == ':' && len(word) > len("-u") && (strings.HasPrefix(word, "-u") || strings.HasPrefix(word, "-U")) {
			return s.hideFrom(i+1, unquotedEnd(s.text, i+1))
		}
		return i
	}
	from := skipQuote(s.text, i)
	if from < len(s.text) && (s.text[from] == ',' || s.text[from] == '=') {
		from++
	}
	from = skipBlanks(s.text, from)
	if from == i {
		return i
	}
	after := skipQuote(s.text, from)
	end := unquotedEnd(s.text, after)
	if after > from {
		end = quotedEnd(s.text, after, s.text[from:after])
	}
	colon := strings.IndexByte(s.text[after:end], ':')
	if colon < 0 {
		return i
	}
	return s.hideFrom(after+colon+1, end)
}

// hideFrom is hide for a range that may be empty.
func (s *scanner) hideFrom(from, to int) int {
	if from >= to {
		return from
	}
	return s.hide(from, to)
}

// isProse reports whether a value that follows ": " begins an error message about a credential, as in
// "password: authentication failed". It recognizes a list of words.
func isProse(value string) bool {
	const longest = len("authentication")
	value = strings.TrimRight(value, ".:;,!")
	if len(value) > longest {
		return isPath(value)
	}
	switch strings.ToLower(value) {
	case "access", "an", "authentication", "authorization", "bad", "cannot", "could", "decrypt", "decrypting", "denied", "dial", "does",
		"empty", "error", "expired", "failed", "failure", "file", "forbidden", "has", "incorrect", "invalid", "is", "it", "login", "lookup",
		"malformed", "mismatch", "missing", "must", "named", "no", "not", "open", "parse", "parsing", "permission", "read", "reading",
		"rejected", "required", "should", "stat", "the", "too", "unable", "unauthorized", "unexpected", "unknown", "unset",
		"unsupported", "verification", "was", "wrong":
		return true
	}
	return isPath(value)
}

// isPath reports whether a value is a file path and not base64.
func isPath(value string) bool {
	if len(value) < 2 || value[0] != '/' || strings.IndexByte(value[1:], '/') < 0 {
		return false
	}
	for i := range len(value) {
		if c := value[i]; c >= 'A' && c <= 'Z' || c == '+' || c == '=' {
			return false
		}
	}
	return true
}

// isCount reports whether a value is a small number, such as a number of passes.
func isCount(value string) bool { return len(value) <= 3 && strings.Trim(value, digits) == "" }

// isTime reports whether word ends with the hour, perhaps after a date, of a time whose minutes follow
// the colon at i.
func isTime(text, word string, i int) bool {
	if len(word) < 2 || !isDigit(word[len(word)-1]) || !isDigit(word[len(word)-2]) {
		return false
	}
	if len(word) > 2 && word[len(word)-3] != 'T' {
		return false
	}
	rest := text[i+1:]
	return len(rest) > 2 && isDigit(rest[0]) && isDigit(rest[1]) && (rest[2] == ':' && len(rest) > 3 && isDigit(rest[3]) || isBlank(rest[2]))
}

// introducesAddress reports whether an email address follows word and a colon.
func introducesAddress(word string) bool {
	switch strings.ToLower(word[:min(len(word), 10)]) {
	case "mailto", "email", "e-mail", "mail", "to", "from", "cc", "bcc", "reply-to", "author", "by":
		return true
	default:
		return false
	}
}
