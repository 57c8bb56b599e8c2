package redact_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/redact"
)

func TestText(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		// Keys and values.
		{`password=hunter2`, `password=xxxxx`},
		{`PASSWORD=hunter2`, `PASSWORD=xxxxx`},
		{`passwd=hunter2 dbname=shop`, `passwd=xxxxx dbname=shop`},
		{`host=db user=bob password=hunter2 sslmode=disable`, `host=db user=bob password=xxxxx sslmode=disable`},
		{`host=db password='it''s' sslmode=disable`, `host=db password='xxxxx''s' sslmode=disable`},
		{`host=db password= sslmode=disable`, `host=db password= sslmode=disable`},
		{`PGPASSWORD=hunter2 psql`, `PGPASSWORD=xxxxx psql`},
		{`DB_PASS=hunter2`, `DB_PASS=xxxxx`},
		{`dbPass: hunter2`, `dbPass: xxxxx`},
		{`pass=a,b;c&d`, `pass=xxxxx`},
		{`token=abc`, `token=xxxxx`},
		{`api_key=abc api-key=def apikey=ghi X-API-Key: jkl012`, `api_key=xxxxx api-key=xxxxx apikey=xxxxx X-API-Key: xxxxx`},
		{`client_secret=abc`, `client_secret=xxxxx`},
		{`secret=abc, retrying`, `secret=xxxxx, retrying`},
		{`(secret=abc)`, `(secret=xxxxx)`},
		{`password1=abc`, `password1=xxxxx`},
		{`password = hunter2`, `password = xxxxx`},
		{`password => "hunter2"`, `password => "xxxxx"`},
		{`password := hunter2`, `password := xxxxx`},
		{`secret: s3cr3t`, `secret: xxxxx`},
		{`password: hunter`, `password: xxxxx`},
		{`password "hunter2"`, `password "xxxxx"`},
		{`mysqldump --password hunter2 -u bob`, `mysqldump --password xxxxx -u bob`},
		{`mysqldump --password=hunter2 -u bob`, `mysqldump --password=xxxxx -u bob`},
		{`-token "a b" -v`, `-token "xxxxx" -v`},
		{"redis: password=hunter2\nnext line", "redis: password=xxxxx\nnext line"},
		{`Server=db;Uid=bob;Pwd=hunter2;Encrypt=true`, `Server=db;Uid=bob;Pwd=xxxxx;Encrypt=true`},
		{`db:6379,password=hunter2,ssl=True`, `db:6379,password=xxxxx,ssl=True`},
		{`{"user":"bob","password":"hun\"ter2","port":1}`, `{"user":"bob","password":"xxxxx","port":1}`},
		{`body "{\"password\": \"hunter2\", \"a\": 1}"`, `body "{\"password\": \"xxxxx\", \"a\": 1}"`},
		{`{User:bob Password:hunter2 Port:1}`, `{User:bob Password:xxxxx Port:1}`},
		{`map[token:abc user:bob]`, `map[token:xxxxx user:bob]`},
		{`&{Password:"hunter2", Port:1}`, `&{Password:"xxxxx", Port:1}`},
		{`<user>bob</user><password>hunter2</password>`, `<user>bob</user><password>xxxxx</password>`},
		{`password="hunter2`, `password="xxxxx`},

		// URLs.
		{`Get "http://bob:hunter2@db/x": EOF`, `Get "http://bob:xxxxx@db/x": EOF`},
		{`Get "http://db/x?password=hunter2&user=bob": EOF`, `Get "http://db/x?password=xxxxx&user=bob": EOF`},
		{`Get "http://db/x?user=bob&access_token=abc": EOF`, `Get "http://db/x?user=bob&access_token=xxxxx": EOF`},
		{`https://a.blob/x?sv=2020&sig=a%2Bb&se=1`, `https://a.blob/x?sv=2020&sig=xxxxx&se=1`},
		{`https://s3/x?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=abc`, `https://s3/x?X-Amz-Credential=xxxxx&X-Amz-Signature=xxxxx`},
		{`redis://:hunter2@cache:6379/0`, `redis://:xxxxx@cache:6379/0`},
		{`postgres://bob:p@ss:word@db:5432/shop`, `postgres://bob:xxxxx@db:5432/shop`},
		{`parse "postgres://bob:hun/ter2@db/shop": invalid port ":hun" after host`, `parse "postgres://bob:xxxxx@db/shop": invalid port ":xxxxx" after host`},
		{`jdbc:postgresql://bob:hunter2@db/shop`, `jdbc:postgresql://bob:xxxxx@db/shop`},
		{`mongodb://a:b@h1,h2/x and amqp://c:d@h3`, `mongodb://a:xxxxx@h1,h2/x and amqp://c:xxxxx@h3`},
		{`https://ghp_0123456789abcdefghij@github.com/x`, `https://xxxxx@github.com/x`},
		{`https://ghp_0123456789abcdefghij:x-oauth-basic@github.com/x`, `https://xxxxx:xxxxx@github.com/x`},
		{`dial bob:hunter2@tcp(db:3306)/shop?loc=Europe/Berlin: refused`, `dial bob:xxxxx@tcp(db:3306)/shop?loc=Europe/Berlin: refused`},
		{`dsn=bob:p@ss/word@tcp(db:3306)/shop`, `dsn=bob:xxxxx@tcp(db:3306)/shop`},
		{`bob:hunter2@db: refused`, `bob:xxxxx@db: refused`},

		// Headers.
		{`Authorization: Bearer abc`, `Authorization: Bearer xxxxx`},
		{`Authorization: Bearer abc.def-ghi (status 401)`, `Authorization: Bearer xxxxx (status 401)`},
		{`authorization: basic Ym9iOmh1bnRlcjI=`, `authorization: basic xxxxx`},
		{`map[Accept:[*/*] Authorization:[Bearer abc] Cookie:[a=b; c=d]] x`, `map[Accept:[*/*] Authorization:[Bearer xxxxx] Cookie:[xxxxx]] x`},
		{`Authorization: Digest username="bob", response="0123"`, `Authorization: xxxxx`},
		{`curl -H 'Authorization: abc' http://db`, `curl -H 'Authorization: xxxxx' http://db`},
		{`{"Authorization":["Bearer abc"]}`, `{"Authorization":["Bearer xxxxx"]}`},
		{"Set-Cookie: id=abc; Path=/\r\nServer: x", "Set-Cookie: xxxxx\r\nServer: x"},
		{`sent Bearer eyJhbGciOiJIUzI1NiJ9.e30.x`, `sent Bearer xxxxx`},
		{`sent Basic Ym9iOmh1bnRlcjI= and got 401`, `sent Basic xxxxx and got 401`},
		{`{"auth":"basic Ym9iOmh1bnRlcg=="}`, `{"auth":"basic xxxxx"}`},
		{`Authorization: Basic YTpi`, `Authorization: Basic xxxxx`},

		// Commands.
		{`curl -u bob:hunter2 http://db: exit status 7`, `curl -u bob:xxxxx http://db: exit status 7`},
		{`curl -s -ubob:hunter2 http://db`, `curl -s -ubob:xxxxx http://db`},
		{`/usr/bin/curl --user bob:hunter2 http://db`, `/usr/bin/curl --user bob:xxxxx http://db`},
		{`curl --proxy-user=bob:hunter2 http://db`, `curl --proxy-user=bob:xxxxx http://db`},
		{`curl -u 'bob:hun ter2' http://db`, `curl -u 'bob:xxxxx' http://db`},
		{`["curl", "-u", "bob:hunter2", "http://db"]`, `["curl", "-u", "bob:xxxxx", "http://db"]`},
		{`[curl -u bob:hunter2 http://db]`, `[curl -u bob:xxxxx http://db]`},

		// Oracle.
		{`sqlplus -s scott/tiger@orcl`, `sqlplus -s scott/xxxxx@orcl`},
		{`dsn "scott/tiger@db": ORA-12154: TNS:could not resolve`, `dsn "scott/xxxxx@db": ORA-12154: TNS:could not resolve`},
		{`open scott/tiger@//db:1521/orcl`, `open scott/xxxxx@//db:1521/orcl`},
		{`open scott/tiger@db.example.com:1521/orcl`, `open scott/xxxxx@db.example.com:1521/orcl`},
		{`open scott/ti@ger@db:1521/orcl`, `open scott/xxxxx@db:1521/orcl`},
		{`scott/tiger@(DESCRIPTION=(ADDRESS=(HOST=db)))`, `scott/xxxxx@(DESCRIPTION=(ADDRESS=(HOST=db)))`},
		{`jdbc:oracle:thin:scott/tiger@db:1521:orcl`, `jdbc:oracle:thin:scott/xxxxx@db:1521:orcl`},
		{`oracle://scott:tiger@db/orcl`, `oracle://scott:xxxxx@db/orcl`},

		// Well-known forms.
		{`AKIAIOSFODNN7EXAMPLE`, `xxxxx`},
		{`user ASIAIOSFODNN7EXAMPLE, key aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`, `user xxxxx, key aws_secret_access_key=xxxxx`},
		{`aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`, `aws_secret_access_key = xxxxx`},
		{`bad credentials for ghp_16C7e42F292c6912E7710c838347Ae178B4a.`, `bad credentials for xxxxx.`},
		{`(github_pat_11ABCDEFG0aBcDeFgHiJkL_abcdefghijklmnop0123456789)`, `(xxxxx)`},
		{`glpat-abcdefghij0123456789 revoked`, `xxxxx revoked`},
		{`xoxb-123456789012-1234567890123-abcdefghijklmnopqrstuvwx: invalid_auth`, `xxxxx: invalid_auth`},
		{`xoxp-1234-abcd`, `xxxxx`},
		{`https://host/hooks/sk_live_abcdefghijklmnop12345678?a=b`, `https://host/hooks/xxxxx?a=b`},
		{`jwt "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U" is expired`, `jwt "xxxxx" is expired`},
		{`eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0In0.`, `xxxxx`},
		{`ghp_16C7e42F292c6912E7710c838347Ae178B4a:hunter2@github.com`, `xxxxx:xxxxx@github.com`},

		// Text hides too much where it cannot distinguish prose from values.
		{`password: hunter`, `password: xxxxx`},
		{`login with password: hunter failed`, `login with password: xxxxx failed`},
		{`password: Authenticate! failed`, `password: xxxxx failed`},
		{`password=authentication`, `password=xxxxx`},
		{`password: "wrong"`, `password: "xxxxx"`},
		{`pass: 1234`, `pass: xxxxx`},
		{`secret: /abcDEF/K7MDENG/bPxRfiCY`, `secret: xxxxx`},
		{`PWD=hunter2`, `PWD=xxxxx`},
		{`secret: bob:hunter@db`, `secret: bob:xxxxx@db`},
	} {
		if got := redact.Text(tc.text); got != tc.want {
			t.Errorf("%s\ngot  %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

// TestHarmless checks texts that must not change.
func TestHarmless(t *testing.T) {
	for _, text := range []string{
		"", "no luck", "dial tcp 127.0.0.1:5432: connect: connection refused",
		`Get "http://127.0.0.1:9090/metrics?name[]=up": context deadline exceeded`,
		`Get "http://db:80/a@b": EOF`, "git@github.com:luxfi/metric.git", "ssh://git@host/x", "mail bob@example.com or mailto:bob@example.com",
		"collector orders: Access denied for user 'bob'@'db' (using password: YES)",
		`password authentication failed for user "bob"`, "invalid token: expired", "unexpected token: } in line 3",
		"failed to refresh credentials: connection refused", "bearer authentication required", "Bearer token expired",
		"max_tokens=100", "password_file=/etc/secret", "bypass=1", "compass: 3",
		"/go/pkg/mod/github.com/x/y@v1.2.3/file.go:12 +0x1d", "library/redis:7@sha256:abc",
		`1 error(s) occurred:` + "\n" + `* collector a: collected metric "x" { label:{name:"a" value:"b"} } was collected before`,
		"password=", "password: ", "token", "xxxxx", "password=xxxxx", "a:@b", ":b@c", "://", "@:",
		// Prose.
		"password: authentication failed", "pq: password: authentication failed for user bob", "invalid password: too short", "password: wrong.",
		"password: open /run/secrets/db: permission denied", "reading token: open /run/secrets/token-12345: no such file or directory",
		"secret: stat /etc/x509/tls1: no such file", "signature: crypto/rsa: verification error", "cookie: named cookie not present",
		"Authorization: missing", "authorization: access denied", "basic authentication required", `WWW-Authenticate: Basic Realm="db"`,
		"Basic ReadWrite", "basic understanding-of-everything", `unexpected token: "}" in line 3`, "near unexpected token: 'foo123'",
		"tests: pass: 3 fail: 1", "pass=30, fail=1", `suite_total{pass="3",fail="1"}`,
		// Paths, packages and images.
		"pwd: /home/bob/app", "PWD=/home/bob/app", "secret: /run/secrets/database-credentials", "open a/b@c: no such file", "owner/repo@main",
		"uses: actions/checkout@v4", "oracle/database@sha256:abc and godror/godror@v0.40.0", "registry/app@sha256:abc", "http://oracle/a/b@c",
		"docker run -u 1000:1000 app", "sort -u a:b", "journalctl -u svc:one",
		// Times and addresses.
		"12:30:45,bob@db", "2026-11-28T12:30:45Z,bob@db: lost", "to:bob@example.com,cc:eve@example.com", "From:bob@example.com",
		// Texts that only begin like a token.
		"AKIA", "AKIAIOSFODNN7EXAMPLES", "akiaiosfodnn7example", "ghp_", "ghp_placeholder_without_digit", "xoxb-short", "eyJ", "eyJhbGciOiJIUzI1NiJ9",
		`collected metric "x_total" {path="/a=b",expr="a==1"} was collected before`,
		`metric "a_total"{user="bob@example.com"}: label "token" is not allowed`,
	} {
		if got := redact.Text(text); got != text {
			t.Errorf("%s\nbecame %s", text, got)
		}
	}
}

// lines contain a secret that must be hidden whatever the lines before and after it contain.
var lines = map[string]string{
	"hunter21":               "password=hunter21",
	"hunter22":               `{"api_key": "hunter22"}`,
	"hunter23":               "Get http://bob:hunter23@db/: EOF",
	"hunter24":               "Authorization: Bearer hunter24",
	"aHVudGVyOmh1bnRlcjI1":   "sent Basic aHVudGVyOmh1bnRlcjI1",
	"hunter26":               "curl -u bob:hunter26 http://db",
	"hunter27":               "open scott/hunter27@db:1521/orcl",
	"hunter28":               "sqlplus scott/hunter28@db",
	"AKIAHUNTERHUNTER0029":   "user AKIAHUNTERHUNTER0029.",
	"ghp_hunter30hunter30hu": "ghp_hunter30hunter30hunter",
	"hunter31":               "eyJhbGciOi.eyJzdWIi.hunter31",
}

// checkLines checks that the lines around a line with a secret do not prevent it from being hidden.
func checkLines(t *testing.T, text string) {
	t.Helper()
	for secret, line := range lines {
		if strings.Contains(text, secret) {
			continue
		}
		if got := redact.Text(text + "\n" + line + "\n" + text); strings.Contains(got, secret) {
			t.Errorf("between two times %q, %q was not hidden: %q", text, line, got)
		}
	}
}

// check checks properties that hold for every text.
func check(t *testing.T, text string) {
	t.Helper()
	got := redact.Text(text)
	if again := redact.Text(got); again != got {
		t.Errorf("%q\nbecame %q\nand then %q", text, got, again)
	}
	if len(got) > len(redact.Mark)*(len(text)+1) {
		t.Errorf("%q became %q", text, got)
	}
	rest := text
	for kept := range strings.SplitSeq(got, redact.Mark) {
		_, after, found := strings.Cut(rest, kept)
		if !found {
			t.Fatalf("%q\nbecame %q, in which %q is new", text, got, kept)
		}
		rest = after
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{
		`Get "http://bob:hunter2@db/x?password=a&token=b": EOF`, `{\"password\": \"a\"}`, "Authorization: Bearer abc", "a:b@tcp(c)/d",
		"<password>a</password>", "-token a b", "curl -u a:b c", `["curl","-ua:b"]`, "sqlplus a/b@c", "a/b@c:1/d", "sent Basic YTpiYzpkZTE=", "AKIAIOSFODNN7EXAMPLE.",
		"ghp_16C7e42F292c6912E7710c838347Ae178B4a:b@c", "eyJhbGciOi.eyJz.c1", "password: authentication failed", "12:30:45,a@b", "pwd=/a/b", "unexpected token: a1b2c3", `invalid port ":abc" after host`, "Cookie:[a=b; c=d]", "pass=a,b;c&d)}]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		check(t, text)
		checkLines(t, text)
	})
}

// TestLongTexts checks that the time is linear in the length of the text; otherwise the test would take
// forever.
func TestLongTexts(t *testing.T) {
	const n = 1 << 20
	for _, piece := range []string{
		"a", ":", "@", "://", "a:", "a@", "a:@", ",a:b", "://a:/", "password", "password=", "password:\"", `password=\"`, `\`, `"`, "'",
		"&", "&&a", "pass=&a=", "pass= ", "Authorization:", `Cookie:a="`, "Bearer ", "port \":", "-token ", "<password>", "a ", "[", "invalid port \"",
		"a/", ",a/", ",a/b@", "a/b@c:1/", "curl -u ", "curl -ua:", "-u a:", "Basic ", "Basic a1", "Basic Aa1=", "AKIA", "ghp_1", "eyJ.", "eyJhbGciOi.", "12:30:45,",
		"password: wrong ", "secret: a:", "pass: 1 ", "unexpected token: ", "oracle ",
		`\"`, `token:\\\"`, "http://a:b", "http://a:b/",
	} {
		t.Run(piece, func(t *testing.T) {
			t.Parallel()
			text := strings.Repeat(piece, n/len(piece))
			for _, text := range []string{text, text + "@b", "curl -u '" + text, "oracle a/" + text + "@b", "password=\"" + text, "a:" + text, "http://a:" + text + "@b"} {
				_ = redact.Text(text)
			}
		})
	}
}

// TestCombinations checks the general properties for combinations of all meaningful parts.
func TestCombinations(t *testing.T) {
	pieces := []string{
		"a", "b1", "password", "token", "Authorization", "Cookie", "pass", "user", "Bearer ", "basic ", "invalid port ", "xxxxx", "yes",
		":", "@", "=", "://", "/", "?", "#", "&", ";", ",", ".", "-", "--", "<", ">", "[", "]", "(", ")", "{", "}", `"`, "'", "`", `\`, `\"`, " ", "\n",
		"0123456789abcdefghijkl", "é", "mailto", "@sha256:",
		"curl ", "-u", "-ua", "oracle", "Basic ", "QWxhZGRpbjpv1", "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c83", "eyJhbGciOi.eyJz.c1", "wrong", "12", "pwd",
		"unexpected ", "PASS", "T12:30:45", ":1521/",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100_000 {
		var text strings.Builder
		for range 1 + random.IntN(12) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		check(t, text.String())
		if i%20 == 0 {
			checkLines(t, text.String())
		}
		if t.Failed() {
			return
		}
	}
}

// TestAllocations checks that a text without credentials costs no memory, and that a text with many
// credentials costs little more than the result.
func TestAllocations(t *testing.T) {
	for text, want := range map[string]float64{
		`Get "http://127.0.0.1:9090/metrics?name[]=up": context deadline exceeded; password: authentication failed`: 0,
		"open a/b@c, to:bob@example.com at 12:30:45, collected metric \"x\" {a=\"b\"}":                              0,
		strings.Repeat("password=hunter2&", 10):                                                                     1,
		"curl -u a:b c; sqlplus scott/tiger@db; AKIAIOSFODNN7EXAMPLE; Bearer eyJhbGciOi.eyJz.c1":                    1,
	} {
		if got := testing.AllocsPerRun(100, func() { _ = redact.Text(text) }); got > want {
			t.Errorf("%q costs %v allocations, want %v", text, got, want)
		}
	}
}
