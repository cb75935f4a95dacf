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
		if who != nil { // who is refused is known
			c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), callerKey{}, who))
		}
		s.fail(c, err)
		return
	}
	if p.socket { // it verifies for itself, and what it keeps of its context for hours must not keep the request
		c.Next()
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
	if p.admin && !who.principal.May(identity.PermAdmin) && !who.principal.May(identity.PermOperate) {
		return fault.ErrPermission
	}
	return nil
}
