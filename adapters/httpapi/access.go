package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
)

// Errors of credentials.
var (
	errWhichSession   = fault.New(fault.Malformed, "session_required", "Several sessions could be meant; name one with session_id.")
	errChosenSession  = fault.New(fault.Malformed, "session_id_not_allowed", "The server makes the ids of sessions; do not send one.")
	errSessionExpired = session.ErrEnded.WithMsg("The session has expired; start a new one.")
)

func newBody(raw []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(raw)) }

// names are the session, tenant and user that a request names in its path, query and body. They prove nothing.
type names struct {
	session string
	// tenants and users are all values given, with ok false for one that is no text.
	tenants, users []string
	ok             bool
}

// readNames collects what a request names. Two different sessions are wire.ErrConflict.
func readNames(p policy, params gin.Params, query url.Values, body []byte) (names, error) {
	n := names{ok: true}
	var inBody wire.Named
	if body != nil {
		var err error
		if inBody, err = wire.ReadNamed(body); err != nil {
			return n, err
		}
	}
	sessions := query["session_id"]
	if id, ok := params.Get("id"); ok && p.access == whole {
		sessions = append([]string{id}, sessions...)
	}
	if text, ok := wire.Text(inBody.SessionID); ok && text != "" {
		sessions = append([]string{text}, sessions...)
	}
	for _, id := range sessions {
		if n.session != "" && id != n.session {
			return n, wire.ErrConflict
		}
		n.session = id
	}
	tenant, tenantOK := wire.Text(inBody.TenantID)
	user, userOK := wire.Text(inBody.UserID)
	n.tenants, n.users, n.ok = append(query["tenant_id"], tenant), append(query["user_id"], user), tenantOK && userOK
	return n, nil
}

// agree reports whether every tenant and user named is the caller's own. A visitor's tenant is their session's scope, or none.
func (n names) agree(p identity.Principal) bool {
	for _, t := range n.tenants {
		if t != "" && t != p.TenantID {
			return false
		}
	}
	for _, u := range n.users {
		if u != "" && u != p.UserID {
			return false
		}
	}
	return n.ok
}

// only gives the one value among those that a request names, "" for none; ok is false if two differ.
func only(values []string) (value string, ok bool) {
	for _, v := range values {
		if v != "" && value != "" && v != value {
			return "", false
		}
		value = cmp.Or(value, v)
	}
	return value, true
}

// caller is who a request comes from, verified before its handler runs.
type caller struct {
	// principal is who acts; not set on object and later routes, where candidates are.
	principal identity.Principal
	signedIn  bool
	// session is the session acted for, on whole routes.
	session session.Session
	// candidates are those whose credential came, the visitor's before the login.
	candidates []identity.Principal
	byCookie   bool
	names      names
	// credentials are kept for later routes only.
	credentials credentials
}

type callerKey struct{}

// callerOf gives the verified caller of a request.
func callerOf(ctx context.Context) *caller {
	c, ok := ctx.Value(callerKey{}).(*caller)
	if !ok {
		return &caller{}
	}
	return c
}

// requestKey is where a handler's context holds the request, for what only a request knows: cookies, Origin, address.
type requestKey struct{}

type exchange struct {
	r *http.Request
	w http.ResponseWriter
}

func exchangeOf(ctx context.Context) exchange {
	x, ok := ctx.Value(requestKey{}).(exchange)
	if !ok {
		panic("httpapi: a handler ran outside the router")
	}
	return x
}

// authorize reads the body, verifies the credential that the route's policy asks for, and lets nobody else through.
func (s *Server) authorize(c *gin.Context) {
	p, ok := s.policyOf(c)
	if !ok {
		c.Next()
		return
	}
	who, err := s.admit(c, p)
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx := context.WithValue(c.Request.Context(), callerKey{}, who)
	r := c.Request.WithContext(ctx)
	c.Request = r.WithContext(context.WithValue(ctx, requestKey{}, exchange{r: r, w: c.Writer}))
	c.Next()
}

func (s *Server) admit(c *gin.Context, p policy) (*caller, error) {
	r := c.Request
	query := r.URL.Query()
	if p.create && query.Has("session_id") {
		return nil, errChosenSession
	}
	cred, err := s.credentials(r, p)
	if err != nil {
		return nil, err
	}
	var body []byte
	if p.body > 0 {
		limit := p.body
		if p.access == whole && cred.login == nil && len(cred.proofs) == 0 {
			// Nobody yet: enough is read to tell a named session from none.
			limit = min(limit, bodyLimit)
		}
		if body, err = s.readBody(c, limit); err != nil {
			return nil, err
		}
		if err := untimed(c.Writer); err != nil {
			return nil, err
		}
	}
	n, err := readNames(p, c.Params, query, body)
	if err != nil {
		return nil, err
	}
	switch p.access {
	case open, own:
		if p.create && !n.agree(identity.Principal{}) {
			return nil, fault.ErrTenantMismatch
		}
		return &caller{names: n}, nil
	case optional, login:
		return s.signedIn(r, p, cred, n)
	case whole:
		return s.actingFor(r, p, cred, n)
	case object:
		return s.candidates(r, p, cred, n)
	case later:
		return &caller{names: n, credentials: cred}, nil
	}
	return nil, fault.ErrUnauthenticated
}

// credentials are what a request carries: the verified login, and the secrets of visitors, not yet verified.
type credentials struct {
	login         *identity.Principal
	loginByCookie bool
	proofs        []wire.Proof
}

// credentials reads the credentials that count on the route. A bad Authorization header is an error wherever it counts; a dead cookie is
// as good as none.
func (s *Server) credentials(r *http.Request, p policy) (credentials, error) {
	var cred credentials
	if p.access == open || p.access == own {
		return cred, nil
	}
	token, given, err := wire.Bearer(r.Header)
	if err != nil {
		return cred, err
	}
	raw := securityguard.Credentials{Bearer: token}
	if !given {
		raw.LoginCookie = s.cookies.Login(r)
	}
	if raw != (securityguard.Credentials{}) {
		user, err := s.d.Guard.Authenticate(r.Context(), raw)
		switch {
		case err == nil:
			cred.login, cred.loginByCookie = &user, !given
		case given || fault.KindOf(err) != fault.Unauthenticated:
			return cred, err
		}
	}
	if p.access == login || p.access == optional {
		if cred.login == nil && p.access == login {
			return cred, fault.ErrUnauthenticated
		}
		return cred, nil
	}
	cred.proofs, err = s.cookies.Proofs(r)
	if err == nil && cred.login == nil && len(cred.proofs) == 0 && p.access != whole {
		err = fault.ErrUnauthenticated
	}
	return cred, err
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// sameSite refuses a change that only a cookie proves, unless our own or a listed page sent it.
func (s *Server) sameSite(r *http.Request, byCookie bool) error {
	if !byCookie || safe(r.Method) {
		return nil
	}
	return s.origins.Required(r)
}

func (s *Server) signedIn(r *http.Request, p policy, cred credentials, n names) (*caller, error) {
	if cred.login == nil {
		if !n.agree(identity.Principal{}) {
			return nil, fault.ErrTenantMismatch
		}
		return &caller{names: n}, nil
	}
	who := &caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie, names: n}
	return who, s.settle(r, p, who)
}

// settle checks what is left once it is known who acts: the page, the tenant named, the role.
func (s *Server) settle(r *http.Request, p policy, who *caller) error {
	if err := s.sameSite(r, who.byCookie); err != nil {
		return err
	}
	if !who.names.agree(who.principal) {
		return fault.ErrTenantMismatch
	}
	if p.permission != "" && !who.principal.May(p.permission) {
		return fault.ErrPermission
	}
	return nil
}

// actingFor finds the one session that a request acts for (security.md §1.1): the named one, else the login's, else the one whose
// secret came. What is not the caller's is as unknown as an unknown one.
func (s *Server) actingFor(r *http.Request, p policy, cred credentials, n names) (*caller, error) {
	who, err := s.actor(r.Context(), cred, n.session)
	if err != nil {
		return nil, err
	}
	who.names = n
	if err := s.settle(r, p, who); err != nil {
		return nil, err
	}
	id := n.session
	if id == "" {
		id = who.principal.SessionID
	}
	if who.session, err = s.d.Sessions.Resolve(r.Context(), who.principal, id); err != nil {
		return nil, err
	}
	return who, s.usable(p, who.session)
}

// usable refuses writes for a session that is over.
func (s *Server) usable(p policy, found session.Session) error {
	if !p.writes {
		return nil
	}
	switch found.Status(s.d.Clock.Now()) {
	case session.Ended:
		return session.ErrEnded
	case session.Expired:
		return errSessionExpired
	case session.Anonymous, session.Active:
	}
	return nil
}

func (s *Server) actor(ctx context.Context, cred credentials, named string) (*caller, error) {
	if named == "" {
		return s.defaultActor(ctx, cred)
	}
	if !typeid.Valid(typeid.Session, named) {
		return nil, fault.ErrNotFound
	}
	for _, proof := range cred.proofs {
		if proof.ByCookie && proof.SessionID != named {
			continue
		}
		p, err := s.d.Guard.AnonymousBySecret(ctx, named, proof.Secret)
		switch {
		case err == nil:
			return &caller{principal: p, byCookie: proof.ByCookie}, nil
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
	}
	if cred.login == nil {
		return nil, fault.ErrNotFound
	}
	return &caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie}, nil
}

func (s *Server) defaultActor(ctx context.Context, cred credentials) (*caller, error) {
	if cred.login != nil {
		return &caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie}, nil
	}
	visitors, err := s.visitors(ctx, cred.proofs)
	switch {
	case err != nil:
		return nil, err
	case len(visitors) == 0:
		return nil, fault.ErrUnauthenticated
	case len(visitors) > 1:
		return nil, errWhichSession
	}
	return &visitors[0], nil
}

// visitors gives the anonymous callers whose secrets are good.
func (s *Server) visitors(ctx context.Context, proofs []wire.Proof) ([]caller, error) {
	var found []caller
	// A browser keeps at most MaxAnonymousCookies; who sends more is no browser of ours.
	for _, proof := range proofs[max(0, len(proofs)-2*wire.MaxAnonymousCookies):] {
		p, err := s.d.Guard.AnonymousBySecret(ctx, proof.SessionID, proof.Secret)
		switch {
		case err == nil:
			found = append(found, caller{principal: p, byCookie: proof.ByCookie})
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
	}
	return found, nil
}

// candidates gives everybody for whom the object may be looked up. Those who may not do this at all are left out; if that is all, the
// reason is the answer.
func (s *Server) candidates(r *http.Request, p policy, cred credentials, n names) (*caller, error) {
	all, err := s.visitors(r.Context(), cred.proofs)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		// Reading is a use of the visitor's session too, so it does not idle away under a page that only looks.
		if _, err := s.d.Sessions.Resolve(r.Context(), v.principal, v.principal.SessionID); err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
	}
	if cred.login != nil {
		all = append(all, caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie})
	}
	if n.session != "" {
		return s.named(r, p, cred, n)
	}
	who := &caller{names: n}
	var refused error
	for _, one := range all {
		one.names = n
		if err := s.settle(r, p, &one); err != nil {
			refused = err
			continue
		}
		who.candidates = append(who.candidates, one.principal)
	}
	if len(who.candidates) == 0 && refused != nil {
		return nil, refused
	}
	return who, nil
}

// named narrows an object route to the session that the request names.
func (s *Server) named(r *http.Request, p policy, cred credentials, n names) (*caller, error) {
	who, err := s.actingFor(r, p, cred, n)
	if err != nil {
		return nil, err
	}
	who.candidates = []identity.Principal{who.principal}
	return who, nil
}

// lookUp tries the object with each candidate. For all others it does not exist.
func lookUp[T any](ctx context.Context, look func(identity.Principal) (T, error)) (found T, p identity.Principal, err error) {
	for _, p = range callerOf(ctx).candidates {
		found, err = look(p)
		if err == nil || fault.KindOf(err) != fault.NotFound {
			return found, p, err
		}
	}
	return found, identity.Principal{}, fault.ErrNotFound
}
