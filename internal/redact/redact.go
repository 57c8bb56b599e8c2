// Package redact hides credentials in texts that strangers may read, such as the bodies of error
// responses.
//
// It does not know the secrets. It recognizes the forms in which drivers, URLs, headers and
// configurations write them. Where a form is ambiguous, it hides too much rather than too little: the
// log has the whole text.
package redact

import "strings"

// Mark replaces hidden text. It is the text that (*url.URL).Redacted uses, and needs no quoting in any
// of the forms.
const Mark = "xxxxx"

// Text returns text with credentials replaced by [Mark]:
//
//   - the value of a key such as password, DB_PASS, api_key, token or secret, after "=", ":" or
//     "=>", with or without quotes, as in JSON, YAML, URL queries, connection strings, flags, XML and
//     dumped Go maps and structs;
//   - the credentials of Authorization and Cookie headers, and of the schemes Bearer and Basic
//     anywhere;
//   - keys and tokens of well-known forms, such as AKIA…, ghp_…, xoxb-… and JSON Web Tokens;
//   - the password in user:password@host, with or without a scheme, and a user that is
//     as long as a token;
//   - the password in Oracle's user/password@host, and in curl -u user:password;
//   - the text that net/url reports as an invalid port, which often is the end of a password.
//
// Text keeps everything else. The time is linear in the length of text, and so is the length of the
// result: each hidden value is replaced by five bytes. Text(Text(s)) equals Text(s).
func Text(text string) string {
	if len(text) < shortestKnown && !strings.ContainsAny(text, ":=@ >") {
		return text // All forms but the known ones contain one of these bytes.
	}
	s := scanner{text: text}
	s.scan()
	if s.copied == 0 {
		return text
	}
	s.out.WriteString(text[s.copied:])
	return s.out.String()
}

// scanner reads a text once from left to right. It examines each byte a bounded number of times:
// lookaheads are bounded by a constant, or skip the bytes that they have read, or are cached until the
// scanner has caught up.
type scanner struct {
	text   string
	out    strings.Builder
	copied int // everything before it is in out

	word   int // start of the run of word bytes that ends at the current position
	token  span
	curl   bool   // The text so far contains the command curl.
	oracle answer // see isOracle

	unexpected int // position after the last "unexpected ", which parsers write before a token
}

// span is a run of bytes without blanks and quotes.
type span struct {
	end    int
	at     int // last @ before end that is followed by text, or -1
	hostAt int // last @ before the last slash before end, or -1
}

// hide replaces text[from:to]. It returns to.
func (s *scanner) hide(from, to int) int {
	if s.text[from:to] != Mark {
		if s.copied == 0 {
			s.out.Grow(len(s.text) + len(Mark))
		}
		s.out.WriteString(s.text[s.copied:from])
		s.out.WriteString(Mark)
		s.copied = to
	}
	return to
}

func (s *scanner) scan() {
	for i := 0; i < len(s.text); {
		if isWord(s.text[i]) {
			i++
			continue
		}
		next := s.at(i)
		if next == i {
			next++
		}
		i, s.word = next, next
	}
	s.known(s.text[s.word:])
}

// known hides the word that ends at the current position if it is a key or token of a known form. It
// returns the word as it is now in the output.
func (s *scanner) known(word string) string {
	n := knownEnd(word)
	if n == 0 {
		return word
	}
	s.hide(s.word, s.word+n)
	return Mark
}

// at hides a credential at i, the first byte after a word, and returns the position at which to
// continue. It returns i if it has hidden nothing.
func (s *scanner) at(i int) int {
	word := s.known(s.text[s.word:i])
	if strings.HasPrefix(s.text[i:], "://") {
		return s.url(i + len("://"))
	}
	if len(word) > 0 {
		if v, ok := s.valueOf(word, i); ok {
			return s.value(v)
		}
		s.curl = s.curl || word == "curl"
		if word == "unexpected" && s.text[i] == ' ' {
			s.unexpected = i + 1
		}
		if s.curl && word[0] == '-' {
			if next := s.flag(word, i); next != i {
				return next
			}
		}
	}
	switch {
	case s.text[i] == ' ' && len(word) > 0:
		return s.afterBlank(word, i)
	case s.text[i] == ':':
		return s.userinfo(word, i)
	case s.text[i] == '/':
		return s.slashed(i)
	}
	return i
}

// url hides the password of a URL whose authority begins at i.
func (s *scanner) url(i int) int {
	t := s.tokenAt(i)
	end := i
	colon, at := -1, -1
scan:
	for ; end < t.end; end++ {
		switch s.text[end] {
		case '/', '?', '#':
			break scan
		case ':':
			if colon < 0 {
				colon = end
			}
		case '@':
			at = end
		}
	}
	if at < 0 {
		// A password with an unescaped slash looks like a host and a path.
		if colon < 0 || end == t.end || t.at < end || isPort(s.text[colon+1:end]) {
			return i
		}
		at = t.at
	}
	if colon < 0 || colon > at {
		colon = at
	}
	s.user(i, colon)
	if colon+1 < at {
		s.hide(colon+1, at)
	}
	return at
}

// maxScheme is the maximum number of bytes of a URL scheme.
const maxScheme = 32

// longUser is the length from which a user name is considered a token: some services expect a token
// there.
const longUser = 20

func (s *scanner) user(from, to int) {
	if to-from >= longUser && from >= s.copied { // It may already be hidden.
		s.hide(from, to)
	}
}

// userinfo hides the password of user:password@host without a scheme. word is the user and i is the
// position of the colon.
func (s *scanner) userinfo(word string, i int) int {
	if i == s.word || s.word > 0 && !startsUser(s.text[s.word-1]) {
		return i
	}
	if introducesAddress(word) || isTime(s.text, word, i) {
		return i
	}
	t := s.tokenAt(i)
	if strings.Contains(s.text[i:min(i+maxScheme, t.end)], "://") || strings.HasPrefix(s.text[i:], ":oracle:") {
		return i // As in jdbc:postgresql: // as in jdbc:postgresql:// and jdbc:oracle:thin:
	}
	at := t.hostAt
	if at <= i {
		at = t.at
	}
	if at <= i+1 || strings.HasPrefix(s.text[at:], "@sha256:") {
		return i
	}
	s.user(s.word, i)
	return s.hide(i+1, at)
}

// tokenAt returns the token that contains i.
func (s *scanner) tokenAt(i int) span {
	if i < s.token.end {
		return s.token
	}
	t := span{end: i, at: -1, hostAt: -1}
	for ; t.end < len(s.text) && !endsToken(s.text[t.end]); t.end++ {
		switch s.text[t.end] {
		case '@':
			if t.end+1 < len(s.text) && !endsToken(s.text[t.end+1]) {
				t.at = t.end
			}
		case '/':
			t.hostAt = t.at
		}
	}
	s.token = t
	return t
}

// value describes the position and the form of a key's value.
type value struct {
	kind  kind
	from  int
	quote string // surrounding quote, possibly escaped; empty for an unquoted value
	prose bool   // The value follows ": ", so that key and value may be words of a sentence.
	short bool   // The key is one of shortKeys.
	cwd   bool   // whether the key may stand for the current directory
}

// valueOf reports whether word is the key of a credential, and returns its value. word ends at i.
func (s *scanner) valueOf(word string, i int) (v value, ok bool) {
	v.kind, v.short = kindOf(word)
	if v.kind == harmless || s.word > 0 && s.unexpected == s.word {
		return v, false
	}
	v.cwd = word == "pwd" || word == "PWD"
	if s.text[i] == '>' && s.word > 0 && s.text[s.word-1] == '<' {
		v.from, v.quote = i+1, "<"
		return v, true
	}
	unquoted := skipQuote(s.text, i)
	j := skipBlanks(s.text, unquoted)
	spaced := j > unquoted
	n := separator(s.text[j:])
	switch {
	case n > 0:
		if spaced = spaced || s.text[j] != '=' || n > 1; spaced {
			v.from = skipBlanks(s.text, j+n)
		} else {
			v.from = j + n // The text after "password= " is not a password.
		}
		v.prose = unquoted == i && s.text[j:j+n] == ":" && v.from > j+n
	case spaced && strings.HasPrefix(word, "-"): // a flag
		v.from = j
	case spaced && v.kind == password && skipQuote(s.text, j) > j:
		v.from = j
	default:
		return v, false
	}
	if v.kind == header && v.from < len(s.text) && s.text[v.from] == '[' {
		v.from++ // as in a dumped http.Header
	}
	after := skipQuote(s.text, v.from)
	v.from, v.quote = after, s.text[v.from:after]
	return v, after < len(s.text)
}

// separator returns the length of the separator between key and value at the beginning of text.
func separator(text string) int {
	switch {
	case strings.HasPrefix(text, "=>"), strings.HasPrefix(text, ":="), strings.HasPrefix(text, "=="):
		return 2
	case strings.HasPrefix(text, "="), strings.HasPrefix(text, ":"):
		return 1
	default:
		return 0
	}
}

// value hides a value and returns the position at which to continue.
func (s *scanner) value(v value) int {
	var end int
	from := v.from
	switch {
	case v.quote != "":
		end = quotedEnd(s.text, from, v.quote)
	case v.kind == header:
		end = headerEnd(s.text, from)
	default:
		end = unquotedEnd(s.text, from)
	}
	if v.kind == header {
		if scheme := schemeOf(s.text[from:end]); scheme > 0 {
			from += scheme
			end = min(end, unquotedEnd(s.text, from))
		}
	}
	hidden := s.text[from:end]
	if hidden == "" || s.isHarmless(v, hidden) {
		return from
	}
	return s.hide(from, end)
}

// isHarmless reports whether a value, or the part of it that would be hidden, is not a credential.
func (s *scanner) isHarmless(v value, hidden string) bool {
	if saysNothing(hidden) || v.short && isCount(hidden) {
		return true
	}
	if v.cwd && isPath(hidden) {
		return true
	}
	if !v.prose || v.quote != "" {
		return false
	}
	if v.kind == header {
		hidden, _, _ = strings.Cut(hidden, " ")
	}
	return isProse(hidden) || v.kind == secret && !looksRandom(hidden)
}

// afterBlank hides the text after "Bearer ", "Basic " and "invalid port ". i is the position of the
// blank.
func (s *scanner) afterBlank(word string, i int) int {
	j := skipBlanks(s.text, i)
	switch {
	case strings.EqualFold(word, "bearer"):
		if looksRandom(s.text[j : j+wordLength(s.text[j:])]) {
			return s.hide(j, unquotedEnd(s.text, j))
		}
	case strings.EqualFold(word, "basic"):
		if isBasic(s.text[j:]) {
			return s.hide(j, unquotedEnd(s.text, j))
		}
	case word == "port" && strings.HasSuffix(s.text[:s.word], "invalid "):
		from := skipQuote(s.text, j)
		if from > j && from < len(s.text) && s.text[from] == ':' {
			if end := quotedEnd(s.text, from+1, s.text[j:from]); end > from+1 {
				return s.hide(from+1, end)
			}
		}
	}
	return i
}
