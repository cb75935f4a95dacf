package wire

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/typeid"
)

// MaxAnonymousCookies is how many anonymous sessions a browser keeps at once; the oldest gives way.
const MaxAnonymousCookies = 5

// Cookies names, writes and reads the service's cookies. All are HttpOnly, SameSite=Strict, Path=/.
type Cookies struct {
	// Plain leaves out Secure and the __Host- prefix. Only for plain HTTP on a loopback address.
	Plain bool
}

func (c Cookies) name(base string) string {
	if c.Plain {
		return base
	}
	return "__Host-" + base
}

// LoginName is the name of the login cookie.
func (c Cookies) LoginName() string { return c.name("lgn") }

// RefreshName is the name of the cookie that holds the refresh token.
func (c Cookies) RefreshName() string { return c.name("rfr") }

// AnonymousName is the name of the cookie with the secret of an anonymous session.
func (c Cookies) AnonymousName(sessionID string) string { return c.anonymousPrefix() + sessionID }

func (c Cookies) anonymousPrefix() string { return c.name("sas-") }

// Login gives the value of the login cookie, "" without.
func (c Cookies) Login(r *http.Request) string { return cookie(r, c.LoginName()) }

// Refresh gives the value of the refresh cookie, "" without.
func (c Cookies) Refresh(r *http.Request) string { return cookie(r, c.RefreshName()) }

func cookie(r *http.Request, name string) string {
	got, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return got.Value
}

// Set writes a cookie that lives for life.
func (c Cookies) Set(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, c.make(name, value, max(1, int(life.Seconds()))))
}

// Expire takes a cookie away from the browser.
func (c Cookies) Expire(w http.ResponseWriter, name string) { http.SetCookie(w, c.make(name, "", -1)) }

func (c Cookies) make(name, value string, maxAge int) *http.Cookie {
	//nolint:gosec // Secure is left out only for plain HTTP on loopback, where a browser would drop the cookie
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: !c.Plain, SameSite: http.SameSiteStrictMode,
	}
}

// SetAnonymous writes the secret's cookie of a new anonymous session and expires the oldest ones that the request brought, so that
// at most MaxAnonymousCookies stay. Ids sort by time.
func (c Cookies) SetAnonymous(w http.ResponseWriter, r *http.Request, sessionID, secret string, life time.Duration) {
	var ids []string
	for _, old := range r.Cookies() {
		id, ok := strings.CutPrefix(old.Name, c.anonymousPrefix())
		if ok && typeid.Valid(typeid.Session, id) && id != sessionID && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for i := range len(ids) - MaxAnonymousCookies + 1 {
		c.Expire(w, c.AnonymousName(ids[i]))
	}
	c.Set(w, c.AnonymousName(sessionID), secret, life)
}
