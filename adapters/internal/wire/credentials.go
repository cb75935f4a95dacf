package wire

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// SecretHeader carries the secret of an anonymous session. Where it is present no cookie is looked at.
const SecretHeader = "X-Session-Secret"

// SecretPrefix begins every anonymous secret.
const SecretPrefix = "sas_"

// Errors of credentials.
var (
	// ErrSecretInURL is a secret where logs and histories would keep it.
	ErrSecretInURL = fault.New(fault.Malformed, "secret_in_url", "A session secret must never be in a URL; send it in the X-Session-Secret header.")
	// ErrConflict is two explicit values of one thing that differ.
	ErrConflict = fault.New(fault.Malformed, "conflicting_values", "The request gives one value twice, and the two differ.")
)

// secretShape finds a secret anywhere in a text.
var secretShape = regexp.MustCompile(`sas_[A-Za-z0-9_-]{16,}`)

// SecretInURL refuses a request with an anonymous secret, or a parameter for one, anywhere in its URL, even beside a valid header.
func SecretInURL(u *url.URL) error {
	for _, text := range []string{u.Path, u.RawQuery, u.Fragment, unescaped(u.Path), unescaped(u.RawQuery)} {
		if secretShape.MatchString(text) {
			return ErrSecretInURL
		}
	}
	for _, segment := range strings.Split(u.Path, "/") {
		if strings.HasPrefix(segment, SecretPrefix) {
			return ErrSecretInURL
		}
	}
	// Whatever of a broken query can be read is looked at.
	query, _ := url.ParseQuery(u.RawQuery)
	for name, values := range query {
		if foldKey(name) == foldKey("session_secret") {
			return ErrSecretInURL
		}
		for _, v := range values {
			if strings.HasPrefix(strings.TrimSpace(v), SecretPrefix) {
				return ErrSecretInURL
			}
		}
	}
	return nil
}

func unescaped(s string) string {
	out, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return out
}

// Bearer reads the Authorization header. given is false if there is none; a header that is not exactly one well-formed Bearer
// credential is ports.ErrToken, two that differ ErrConflict.
func Bearer(h http.Header) (token string, given bool, err error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", false, nil
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return "", true, ErrConflict
		}
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || !isToken(token) {
		return "", true, ports.ErrToken
	}
	return token, true, nil
}

// isToken reports whether s has the form of a Bearer credential (RFC 6750 §2.1) of at most 8 KiB.
func isToken(s string) bool {
	if s == "" || len(s) > 8<<10 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '.' && c != '_' && c != '~' && c != '+' && c != '/' && c != '=' &&
			(c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// Proof is the secret of an anonymous session as a request carried it.
type Proof struct {
	// SessionID is "" where only the secret came, in the header.
	SessionID string
	Secret    string
	// ByCookie tells that the Origin must be checked before the proof counts for a change or a socket.
	ByCookie bool
}

// Proofs gives the anonymous secrets of a request: the header's alone if there is one, else those of the cookies. A header given
// twice with different values is ErrConflict.
func (c Cookies) Proofs(r *http.Request) ([]Proof, error) {
	if values, given := r.Header[http.CanonicalHeaderKey(SecretHeader)]; given {
		for _, v := range values {
			if v != values[0] {
				return nil, ErrConflict
			}
		}
		return []Proof{{Secret: values[0]}}, nil
	}
	var proofs []Proof
	for _, cookie := range r.Cookies() {
		id, ok := strings.CutPrefix(cookie.Name, c.anonymousPrefix())
		if ok && typeid.Valid(typeid.Session, id) && strings.HasPrefix(cookie.Value, SecretPrefix) {
			proofs = append(proofs, Proof{SessionID: id, Secret: cookie.Value, ByCookie: true})
		}
	}
	return proofs, nil
}

// ProofFor gives the secret that the request carries for one session: the header's if there is one, else that session's cookie's. An
// empty Secret means there is none.
func (c Cookies) ProofFor(r *http.Request, sessionID string) (Proof, error) {
	proofs, err := c.Proofs(r)
	if err != nil {
		return Proof{}, err
	}
	for _, p := range proofs {
		if !p.ByCookie || p.SessionID == sessionID {
			return Proof{SessionID: sessionID, Secret: p.Secret, ByCookie: p.ByCookie}, nil
		}
	}
	return Proof{SessionID: sessionID}, nil
}
