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
	} {
		if got := redact.Text(tc.text); got != tc.want {
			t.Errorf("%s\ngot  %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

// TestHarmless has texts that stay as they are.
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
		`metric "a_total"{user="bob@example.com"}: label "token" is not allowed`,
	} {
		if got := redact.Text(text); got != text {
			t.Errorf("%s\nbecame %s", text, got)
		}
	}
}

// check reports what must hold for every text.
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
		"<password>a</password>", "-token a b", `invalid port ":abc" after host`, "Cookie:[a=b; c=d]", "pass=a,b;c&d)}]",
	} {
		f.Add(seed)
	}
	f.Fuzz(check)
}

// TestLongTexts would take for ever if the time were not linear.
func TestLongTexts(t *testing.T) {
	const n = 1 << 20
	for _, piece := range []string{
		"a", ":", "@", "://", "a:", "a@", "a:@", ",a:b", "://a:/", "password", "password=", "password:\"", `password=\"`, `\`, `"`, "'",
		"&", "&&a", "pass=&a=", "pass= ", "Authorization:", `Cookie:a="`, "Bearer ", "port \":", "-token ", "<password>", "a ", "[", "invalid port \"",
		`\"`, `token:\\\"`, "http://a:b", "http://a:b/",
	} {
		text := strings.Repeat(piece, n/len(piece))
		for _, text := range []string{text, text + "@b", "password=\"" + text, "a:" + text, "http://a:" + text + "@b"} {
			_ = redact.Text(text)
		}
	}
}

// TestCombinations checks what must hold for texts made of everything that has a meaning.
func TestCombinations(t *testing.T) {
	pieces := []string{
		"a", "b1", "password", "token", "Authorization", "Cookie", "pass", "user", "Bearer ", "basic ", "invalid port ", "xxxxx", "yes",
		":", "@", "=", "://", "/", "?", "#", "&", ";", ",", ".", "-", "--", "<", ">", "[", "]", "(", ")", "{", "}", `"`, "'", "`", `\`, `\"`, " ", "\n",
		"0123456789abcdefghijkl", "é", "mailto", "@sha256:",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var text strings.Builder
		for range 1 + random.IntN(12) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		if check(t, text.String()); t.Failed() {
			return
		}
	}
}
