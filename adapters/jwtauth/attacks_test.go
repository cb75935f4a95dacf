package jwtauth_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"errors"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

type attack struct {
	name  string
	token string
}

// refused checks every attack of a class, and that the class has as many as the test sheet says.
func refused(t *testing.T, want int, attacks []attack) {
	t.Helper()
	require.Len(t, attacks, want)
	sheet.Record(t, "A1", want, "refused by the one verifier of all carriers", "all")
	c := &clock{now: noon}
	v := verifier(t, c, "live")
	_, err := v.Verify(token(t, goodHeader(), goodPayload()))
	require.NoError(t, err, "the token that the attacks are made of must be good")
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			claims, err := v.Verify(a.token)
			require.Error(t, err)
			require.Zero(t, claims)
			require.Equal(t, fault.Unauthenticated, fault.KindOf(err))
			require.NotEqual(t, errors.Is(err, ports.ErrToken), errors.Is(err, ports.ErrTokenExpired), err)
			if len(a.token) > 16 {
				require.NotContains(t, err.Error(), a.token[:16], "an error never quotes the token")
			}
		})
	}
}

func TestAlgorithmAttacksAreRefused(t *testing.T) {
	named := func(alg any) string { return token(t, goodHeader().with(object{"alg": alg}), goodPayload()) }
	unsigned := func(alg string) string {
		h := goodHeader().with(object{"alg": alg})
		return b64(h.json(t)) + "." + b64(goodPayload().json(t)) + "."
	}
	macced := func(alg string, h func() hash.Hash, secret []byte) string {
		text := b64(goodHeader().with(object{"alg": alg}).json(t)) + "." + b64(goodPayload().json(t))
		m := hmac.New(h, secret)
		m.Write([]byte(text))
		return text + "." + b64(m.Sum(nil))
	}
	public := key("live").Public().(ed25519.PublicKey)
	good := token(t, goodHeader(), goodPayload())
	refused(t, 10, []attack{
		{"none", unsigned("none")},
		{"None", unsigned("None")},
		{"nOnE", unsigned("nOnE")},
		{"NONE", unsigned("NONE")},
		{"missing", named(nil)},
		{"empty", named("")},
		{"HS256 with the public key", macced("HS256", sha256.New, public)},
		{"HS384", macced("HS384", sha512.New384, public)},
		{"RS256 with an unknown key", rsaToken(t)},
		{"all-zero signature", good[:strings.LastIndexByte(good, '.')+1] + b64(make([]byte, ed25519.SignatureSize))},
	})
}

func TestAlgorithmsOfOtherSpellingsAreRefused(t *testing.T) {
	pem, err := x509.MarshalPKIXPublicKey(key("live").Public())
	require.NoError(t, err)
	named := func(alg any) string { return token(t, goodHeader().with(object{"alg": alg}), goodPayload()) }
	m := hmac.New(sha256.New, pem)
	text := b64(goodHeader().with(object{"alg": "HS256"}).json(t)) + "." + b64(goodPayload().json(t))
	m.Write([]byte(text))
	refused(t, 6, []attack{
		{"eddsa", named("eddsa")}, {"Ed25519", named("Ed25519")}, {"EDDSA with a blank", named("EdDSA ")},
		{"a number", named(1)}, {"a list", named([]string{"EdDSA"})},
		{"HS256 with the DER of the public key", text + "." + b64(m.Sum(nil))},
	})
}

func rsaToken(t *testing.T) string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	tok := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(goodPayload()))
	tok.Header["typ"], tok.Header["kid"] = "at+jwt", goodHeader()["kid"]
	text, err := tok.SignedString(private)
	require.NoError(t, err)
	return text
}

func TestHeaderAttacksAreRefused(t *testing.T) {
	with := func(members object) string { return token(t, goodHeader().with(members), goodPayload()) }
	attacker := key("attacker")
	jwk := object{"kty": "OKP", "crv": "Ed25519", "x": b64(attacker.Public().(ed25519.PublicKey))}
	refused(t, 11, []attack{
		{"unknown kid", with(object{"kid": "unknown"})},
		{"no kid", with(object{"kid": nil})},
		{"kid that is a path", with(object{"kid": "../../dev/null"})},
		{"kid that is SQL", with(object{"kid": "' OR 1=1"})},
		{"kid of 64 KB", with(object{"kid": strings.Repeat("k", 64<<10)})},
		{"jku", with(object{"jku": "https://canary.example/jwks.json"})},
		{"x5u", with(object{"x5u": "https://canary.example/cert.pem"})},
		{"embedded jwk", sign(t, attacker, goodHeader().with(object{"jwk": jwk}).json(t), goodPayload().json(t))},
		{"crit", with(object{"crit": []string{"exp"}})},
		{"wrong typ", with(object{"typ": "JWT"})},
		{"b64 false", with(object{"b64": false, "crit": []string{"b64"}})},
	})
}

func TestHeaderVariantsAreRefused(t *testing.T) {
	with := func(members object) string { return token(t, goodHeader().with(members), goodPayload()) }
	twice := bytes.Replace(goodHeader().json(t), []byte(`{`), []byte(`{"typ":"at+jwt",`), 1)
	refused(t, 8, []attack{
		{"no typ", with(object{"typ": nil})},
		{"typ of a service", with(object{"typ": "svc+jwt"})},
		{"typ as a media type", with(object{"typ": "application/at+jwt"})},
		{"typ in capitals", with(object{"typ": "AT+JWT"})},
		{"kid is a number", with(object{"kid": 0})},
		{"x5c", with(object{"x5c": []string{"MIIB"}})},
		{"zip", with(object{"zip": "DEF"})},
		{"typ twice", sign(t, key("live"), twice, goodPayload().json(t))},
	})
}

func TestTimeAttacksAreRefused(t *testing.T) {
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	with := func(members object) string { return token(t, goodHeader(), goodPayload().with(members)) }
	// An old token is old altogether: its life is not the fault.
	aged := func(exp time.Duration) string {
		iat := at(exp - 10*time.Minute)
		return with(object{"exp": at(exp), "iat": iat, "nbf": iat, "auth_time": iat})
	}
	refused(t, 9, []attack{
		{"exp an hour ago", aged(-time.Hour)},
		{"exp 31 s ago", aged(-31 * time.Second)},
		{"nbf in an hour", with(object{"nbf": at(time.Hour)})},
		{"iat in 24 h", with(object{"iat": at(24 * time.Hour), "nbf": at(24 * time.Hour), "exp": at(24*time.Hour + 10*time.Minute)})},
		{"no exp", with(object{"exp": nil})},
		{"exp is a string", with(object{"exp": raw(`"` + jsonNumber(t, at(10*time.Minute)) + `"`)})},
		{"exp is negative", with(object{"exp": -1})},
		{"exp is 1e400", with(object{"exp": raw("1e400")})},
		{"exp beyond the longest life", with(object{"exp": at(10*time.Minute + time.Second)})},
	})
}

func TestTimeVariantsAreRefused(t *testing.T) {
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	with := func(members object) string { return token(t, goodHeader(), goodPayload().with(members)) }
	refused(t, 10, []attack{
		{"no iat", with(object{"iat": nil})},
		{"no nbf", with(object{"nbf": nil})},
		{"no auth_time", with(object{"auth_time": nil})},
		{"exp is null", with(object{"exp": raw("null")})},
		{"exp with a fraction", with(object{"exp": raw(jsonNumber(t, at(time.Minute)) + ".5")})},
		{"exp is the largest number", with(object{"exp": raw("9223372036854775807")})},
		{"iat is the smallest number", with(object{"iat": raw("-9223372036854775808"), "exp": at(time.Minute)})},
		{"exp before iat", with(object{"exp": at(-time.Second)})},
		{"auth_time after iat", with(object{"auth_time": at(time.Second)})},
		{"auth_time is 0", with(object{"auth_time": 0})},
	})
}

func jsonNumber(t *testing.T, n int64) string {
	t.Helper()
	b, err := json.Marshal(n)
	require.NoError(t, err)
	return string(b)
}

// The identity cases that need the store (a deleted user, no membership, another's session) are the Security Guard's.
func TestIdentityAttacksAreRefused(t *testing.T) {
	with := func(members object) string { return token(t, goodHeader(), goodPayload().with(members)) }
	other := person()
	refused(t, 12, []attack{
		{"iss wrong", with(object{"iss": "https://evil.example"})},
		{"iss absent", with(object{"iss": nil})},
		{"iss empty", with(object{"iss": ""})},
		{"aud wrong", with(object{"aud": "other"})},
		{"aud absent", with(object{"aud": nil})},
		{"aud an array without us", with(object{"aud": []string{"other"}})},
		{"aud an array with us", with(object{"aud": []string{"other", audience}})},
		{"sub empty", with(object{"sub": ""})},
		{"sub of another kind", with(object{"sub": other.SessionID})},
		{"tid that is no tenant's id", with(object{"tid": "acme"})},
		{"sid that is a token", with(object{"sid": strings.Repeat("e", 40)})},
		{"sep 0", with(object{"sep": 0})},
	})
}

func TestStructureAttacksAreRefused(t *testing.T) {
	good := token(t, goodHeader(), goodPayload())
	parts := strings.Split(good, ".")
	payload := goodPayload().json(t)
	duplicate := bytes.Replace(payload, []byte(`{`), []byte(`{"sub":"`+person().UserID+`",`), 1)
	upper := bytes.Replace(payload, []byte(`"sub"`), []byte(`"SUB"`), 1)
	serialized := string(object{"protected": parts[0], "payload": parts[1], "signature": parts[2]}.json(t))
	refused(t, 11, []attack{
		{"2 parts", parts[0] + "." + parts[1]},
		{"4 parts", good + "." + parts[2]},
		{"JWE", good + "." + parts[2] + "." + parts[2]},
		{"1 MB of dots", strings.Repeat(".", 1<<20)},
		{"1 MB token", parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2]},
		{"padded", good + "=="},
		{"last-character twin", good[:len(good)-1] + twins(t, good)[0]},
		{"newline", good + "\n"},
		{"duplicate claim", sign(t, key("live"), goodHeader().json(t), duplicate)},
		{"SUB", sign(t, key("live"), goodHeader().json(t), upper)},
		{"JSON serialization", serialized},
	})
}

func TestStructureVariantsAreRefused(t *testing.T) {
	good := token(t, goodHeader(), goodPayload())
	parts := strings.Split(good, ".")
	payload := goodPayload().json(t)
	signed := func(payload []byte) string { return sign(t, key("live"), goodHeader().json(t), payload) }
	var attacks []attack
	for _, last := range twins(t, good) {
		attacks = append(attacks, attack{"last character " + last, good[:len(good)-1] + last})
	}
	require.Len(t, attacks, 15)
	attacks = append(attacks,
		attack{"empty", ""}, attack{"two dots", ".."}, attack{"Bearer before it", "Bearer " + good},
		attack{"newline within the signature", parts[0] + "." + parts[1] + "." + parts[2][:10] + "\n" + parts[2][10:]},
		attack{"carriage return within the header", parts[0][:5] + "\r" + parts[0][5:] + "." + parts[1] + "." + parts[2]},
		attack{"standard base64 alphabet", strings.NewReplacer("-", "+", "_", "/").Replace(parts[0]) + "." + parts[1] + "+." + parts[2]},
		attack{"empty signature", parts[0] + "." + parts[1] + "."},
		attack{"half a signature", parts[0] + "." + parts[1] + "." + parts[2][:40]},
		attack{"unknown claim", signed(bytes.Replace(payload, []byte(`{`), []byte(`{"roles":["admin"],`), 1))},
		attack{"trailing data", signed(append(payload, payload...))},
		attack{"SUB beside sub", signed(bytes.Replace(payload, []byte(`{`), []byte(`{"SUB":"x",`), 1))},
		attack{"payload is a list", signed([]byte(`[]`))},
		attack{"payload is null", signed([]byte(`null`))},
		attack{"payload is not UTF-8", signed(bytes.Replace(payload, []byte(audience), []byte("symph\xffiny"), 1))},
		attack{"8 KiB of blanks, truly signed", signed(append(bytes.Repeat([]byte(" "), 8<<10), payload...))},
		attack{"another key's signature", sign(t, key("attacker"), goodHeader().json(t), payload)},
		attack{"payload of another token", parts[0] + "." + b64(goodPayload().with(object{"sep": 5}).json(t)) + "." + parts[2]},
	)
	refused(t, 32, attacks)
}

// twins gives the 15 other last characters that a lenient decoder reads as the same 64 bytes.
func twins(t *testing.T, token string) []string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	require.Zero(t, last%16, "64 bytes leave four unused bits")
	var out []string
	for i := 1; i < 16; i++ {
		out = append(out, alphabet[last+i:last+i+1])
	}
	return out
}
