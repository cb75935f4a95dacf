package wire

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/symphainy/symphainy/domain/fault"
)

// ErrOrigin is a request from a page that is not ours, or that does not say where it comes from although it must.
var ErrOrigin = fault.New(fault.Denied, "origin_refused", "The request's Origin is not allowed here.")

// Origins knows from which web pages requests may come: this service's own address and an exact list.
type Origins struct {
	base   string
	listed map[string]bool
}

// NewOrigins takes the service's base URL and the list of other origins. With an empty base URL the own origin is the one whose host
// and port the request itself names. An entry that is no plain origin (wildcards, "null", paths) is an error.
func NewOrigins(baseURL string, list []string) (Origins, error) {
	o := Origins{listed: map[string]bool{}}
	if baseURL != "" {
		u, err := url.Parse(baseURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return o, fault.Newf(fault.Invalid, "invalid_config", "base URL %q is not an http(s) URL", baseURL)
		}
		o.base = u.Scheme + "://" + strings.ToLower(u.Host)
	}
	for _, entry := range list {
		u, err := url.Parse(entry)
		if err != nil || u.Scheme+"://"+u.Host != entry || u.Host == "" || strings.ContainsAny(entry, "*@") || strings.ToLower(entry) != entry {
			return o, fault.Newf(fault.Invalid, "invalid_config", "%q is not an origin such as https://app.example.org", entry)
		}
		o.listed[entry] = true
	}
	return o, nil
}

// Listed reports whether the origin is one of the list, byte for byte.
func (o Origins) Listed(origin string) bool { return o.listed[origin] }

// Own reports whether the origin is this service's own.
func (o Origins) Own(r *http.Request, origin string) bool {
	if o.base != "" {
		return origin == o.base
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return origin == scheme+"://"+r.Host && r.Host != ""
}

// Header gives the request's Origin. Several are no origin at all: "null".
func Header(r *http.Request) string {
	switch values := r.Header.Values("Origin"); len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return "null"
}

// Foreign refuses a request that names an origin which is neither our own nor listed; one without Origin passes.
func (o Origins) Foreign(r *http.Request) error {
	if _, given := r.Header["Origin"]; !given {
		return nil
	}
	return o.Required(r)
}

// Required refuses a request unless it names our own or a listed origin: for what a cookie alone proves.
func (o Origins) Required(r *http.Request) error {
	origin := Header(r)
	if origin != "" && (o.Own(r, origin) || o.Listed(origin)) {
		return nil
	}
	return ErrOrigin
}

// Addresses finds out who is at the other end.
type Addresses struct{ trusted []netip.Prefix }

// NewAddresses takes the networks of trusted reverse proxies, in CIDR form; none by default. One that covers everything is an error.
func NewAddresses(proxies []string) (Addresses, error) {
	var a Addresses
	for _, p := range proxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil || prefix.Bits() == 0 {
			return a, fault.Newf(fault.Invalid, "invalid_config", "trusted proxy %q is not a network in CIDR form, or covers all addresses", p)
		}
		a.trusted = append(a.trusted, prefix.Masked())
	}
	return a, nil
}

// Client gives the client's address without port: the socket's, or, where that is a trusted proxy, the last address of
// X-Forwarded-For that is not one. No other header counts.
func (a Addresses) Client(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := at.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.isProxy(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
	}
	return addr.String()
}

func (a Addresses) isProxy(addr netip.Addr) bool {
	for _, p := range a.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
