package wsapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// The credentials' places and forms (contract.md §4).
const (
	tokenParam   = "access_token"
	legacyParam  = "session_token"
	sessionParam = "session_id"
	ticketPrefix = "wst_"
	bearerProto  = "base64url.bearer.agent." //nolint:gosec // the name of the carrier, not a credential
)

// errQueryJWT is an access token in the URL where the settings do not allow it.
var errQueryJWT = fault.New(fault.Unauthenticated, "token_in_url", "An access token in the URL is not accepted here; get a ticket from POST /api/runtime/agent/ticket.")

// caller is who opens a socket, and in which session.
type caller struct {
	principal identity.Principal
	// session is the one of the socket; its zero value where a route needs none.
	session session.Session
}

// offer is what a handshake carries, before any of it is verified.
type offer struct {
	ticket string
	// bearer is the explicit access token, "" without.
	bearer string
	// queryJWT tells that a token stood in the URL.
	queryJWT  bool
	sessionID string
	// older tells that the session came under the older name.
	older bool
	// tenants and users are what the URL names; they must be the caller's.
	tenants, users []string
	proofs         []wire.Proof
	login          string
	hasOrigin      bool
	origin         string
}

// explicit reports whether something other than a cookie was sent.
func (o offer) explicit() bool {
	return o.ticket != "" || o.bearer != "" || len(o.proofs) > 0 && !o.proofs[0].ByCookie
}

// agree reports whether every tenant and user that the URL names is the caller's.
func (o offer) agree(p identity.Principal) bool {
	other := func(own string) func(string) bool { return func(v string) bool { return v != "" && v != own } }
	return !slices.ContainsFunc(o.tenants, other(p.TenantID)) && !slices.ContainsFunc(o.users, other(p.UserID))
}

// read takes the credentials out of the request. What contradicts itself is an error.
func (h *Hub) read(r *http.Request) (offer, error) {
	var o offer
	if err := wire.SecretInURL(r.URL); err != nil {
		return o, err
	}
	if err := h.origins.Foreign(r); err != nil {
		return o, err
	}
	_, o.hasOrigin = r.Header["Origin"]
	o.origin = wire.Header(r)
	query := r.URL.Query()
	for _, name := range []string{tokenParam, legacyParam, sessionParam} {
		for _, v := range query[name] {
			if v != query[name][0] {
				return o, wire.ErrConflict
			}
		}
	}
	o.tenants, o.users = query["tenant_id"], query["user_id"]
	token, legacy := query.Get(tokenParam), query.Get(legacyParam)
	o.older = legacy != ""
	var err error
	if o.sessionID, err = namedSession(query.Get(sessionParam), token, legacy); err != nil {
		return o, err
	}
	if token == "" {
		token = legacy
	}
	if strings.HasPrefix(token, ticketPrefix) {
		o.ticket, token = token, ""
	}
	if err := h.readTokens(r, token, &o); err != nil {
		return o, err
	}
	if o.proofs, err = h.cookies.Proofs(r); err != nil {
		return o, err
	}
	o.login = h.cookies.Login(r)
	return o, nil
}

// namedSession gives the session that the URL names. Beside an access_token the older session_token is a session id, never a token.
func namedSession(id, token, legacy string) (string, error) {
	switch {
	case token == "" || legacy == "":
		return id, nil
	case id == "" || id == legacy:
		return legacy, nil
	}
	return "", wire.ErrConflict
}

// readTokens finds the one access token among subprotocol, header and, where allowed, query.
func (h *Hub) readTokens(r *http.Request, query string, o *offer) error {
	var found []string
	offered, given, err := protocolToken(r)
	if err != nil {
		return err
	}
	if given {
		found = append(found, offered)
	}
	header, given, err := wire.Bearer(r.Header)
	if err != nil {
		return err
	}
	if given {
		found = append(found, header)
	}
	o.queryJWT = query != ""
	if query != "" && h.cfg.AllowQueryJWT {
		found = append(found, query)
	}
	for _, t := range found {
		if t != found[0] || o.ticket != "" {
			return wire.ErrConflict
		}
	}
	if len(found) > 0 {
		o.bearer = found[0]
	}
	return nil
}

// protocolToken finds the token among the offered subprotocols: as it is, which its alphabet allows, or in base64url.
func protocolToken(r *http.Request) (token string, given bool, err error) {
	for _, line := range r.Header.Values("Sec-Websocket-Protocol") {
		for item := range strings.SplitSeq(line, ",") {
			text, ok := strings.CutPrefix(strings.TrimSpace(item), bearerProto)
			if !ok {
				continue
			}
			if strings.Count(text, ".") != 2 {
				raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
				if err != nil || len(raw) == 0 {
					return "", true, ports.ErrToken
				}
				text = string(raw)
			}
			if given && text != token {
				return "", true, wire.ErrConflict
			}
			token, given = text, true
		}
	}
	return token, given, nil
}

// authenticate verifies what the handshake offers and finds its session. With an error it gives whom it was refused to, as far as that is known. anySession is for routes that stand in no session: it asks
// for none where the URL names none.
func (h *Hub) authenticate(ctx context.Context, o offer, anySession bool) (caller, error) {
	c, err := h.identify(ctx, o, anySession)
	if err != nil {
		if o.queryJWT && !h.cfg.AllowQueryJWT && !o.explicit() && o.login == "" && len(o.proofs) == 0 {
			err = errQueryJWT
		}
		return caller{}, err
	}
	if !anySession && c.session.Status(h.Clock.Now()) == session.Ended {
		return c, session.ErrEnded
	}
	// A token in its leeway would open a socket that the first check closes.
	if err := h.Guard.Check(ctx, c.principal); err != nil {
		return c, err
	}
	if err := h.Guard.Authorize(ctx, c.principal, identity.PermRead); err != nil {
		return c, err
	}
	return c, nil
}

func (h *Hub) identify(ctx context.Context, o offer, anySession bool) (caller, error) {
	switch {
	case o.ticket != "":
		return h.byTicket(ctx, o)
	case o.bearer != "":
		return h.byLogin(ctx, o, securityguard.Credentials{Bearer: o.bearer}, anySession)
	case o.explicit():
		return h.bySecret(ctx, o.sessionID, o.proofs[0])
	case !o.hasOrigin && (o.login != "" || len(o.proofs) > 0):
		return caller{}, wire.ErrOrigin
	}
	return h.byCookies(ctx, o, anySession)
}

// byTicket redeems a ticket. It is bound to its session: named beside another one it is no credential.
func (h *Hub) byTicket(ctx context.Context, o offer) (caller, error) {
	p, s, err := h.Sessions.RedeemTicket(ctx, o.ticket, o.origin)
	if err != nil {
		if f := fault.As(err); f.Kind == fault.NotFound || f.Kind == fault.Denied {
			err = ports.ErrToken.WithMsg("The ticket is not valid.").Because(err)
		}
		return caller{}, err
	}
	if o.sessionID != "" && o.sessionID != s.ID() {
		return caller{}, ports.ErrToken.WithMsg("The ticket is not valid.")
	}
	return caller{p, s}, nil
}

// byLogin takes an access token or the login cookie, and the session it names: the caller's own, or an anonymous one whose secret came
// as a header beside the token, where the caller acts as anonymous.
func (h *Hub) byLogin(ctx context.Context, o offer, cred securityguard.Credentials, anySession bool) (caller, error) {
	p, err := h.Guard.Authenticate(ctx, cred)
	if err != nil {
		return caller{}, err
	}
	if o.sessionID == "" {
		if anySession {
			return caller{principal: p}, nil
		}
		s, err := h.Sessions.NewestActive(ctx, p)
		return caller{p, s}, err
	}
	if !typeid.Valid(typeid.Session, o.sessionID) {
		return caller{}, fault.ErrNotFound
	}
	s, err := h.Sessions.Resolve(ctx, p, o.sessionID)
	if err != nil && fault.KindOf(err) == fault.NotFound && len(o.proofs) > 0 && !o.proofs[0].ByCookie {
		return h.bySecret(ctx, o.sessionID, o.proofs[0])
	}
	return caller{p, s}, err
}

// bySecret takes the secret of an anonymous session.
func (h *Hub) bySecret(ctx context.Context, sessionID string, proof wire.Proof) (caller, error) {
	if sessionID == "" {
		sessionID = proof.SessionID
	}
	if sessionID != "" && !typeid.Valid(typeid.Session, sessionID) {
		return caller{}, fault.ErrNotFound
	}
	p, err := h.Guard.AnonymousBySecret(ctx, sessionID, proof.Secret)
	if err != nil {
		return caller{}, err
	}
	// The guard has just judged the session by what it remembers of it; only a use that is to be noted costs more.
	s, err := h.Guard.Session(ctx, p.SessionID)
	if used := s; err != nil || used.Touch(h.Clock.Now()) {
		s, err = h.Sessions.Resolve(ctx, p, p.SessionID)
	}
	return caller{p, s}, err
}

// byCookies takes what a same-site browser sends by itself: the secret of the named anonymous session, else the login, else the only
// secret there is.
func (h *Hub) byCookies(ctx context.Context, o offer, anySession bool) (caller, error) {
	for _, proof := range o.proofs {
		if o.sessionID == "" || proof.SessionID != o.sessionID {
			continue
		}
		c, err := h.bySecret(ctx, o.sessionID, proof)
		if err == nil || fault.KindOf(err) != fault.NotFound || o.login == "" {
			return c, err
		}
	}
	switch {
	case o.login != "":
		return h.byLogin(ctx, o, securityguard.Credentials{LoginCookie: o.login}, anySession)
	case o.sessionID != "" && len(o.proofs) > 0:
		return caller{}, fault.ErrNotFound
	case o.sessionID == "" && len(o.proofs) == 1:
		return h.bySecret(ctx, "", o.proofs[0])
	case o.sessionID == "" && len(o.proofs) > 1:
		return caller{}, wire.ErrConflict
	}
	return caller{}, fault.ErrUnauthenticated
}
