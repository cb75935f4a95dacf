package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type credentialsBody struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type createBody struct {
	Metadata    jsonObject       `json:"metadata,omitempty" doc:"Kept with the session, at most 16 KiB"`
	Credentials *credentialsBody `json:"credentials,omitempty" doc:"Sign-in for this one call"`
	TenantID    *string          `json:"tenant_id,omitempty" doc:"Null, or the credential's"`
	UserID      *string          `json:"user_id,omitempty" doc:"Null, or the credential's"`
}

type anonymousBody struct {
	Metadata jsonObject `json:"metadata,omitempty" doc:"Kept with the session, at most 16 KiB"`
}

type upgradeBody struct {
	AccessToken *string    `json:"access_token,omitempty" doc:"Counts as the Bearer if the header is absent"`
	UserID      *string    `json:"user_id,omitempty"`
	TenantID    *string    `json:"tenant_id,omitempty"`
	Metadata    jsonObject `json:"metadata,omitempty" doc:"Laid over the session's, key by key"`
}

type sessionList struct {
	Sessions   []wire.Session `json:"sessions"`
	NextCursor *string        `json:"next_cursor"`
}

type ticketBody struct {
	SessionID string  `json:"session_id,omitempty"`
	TenantID  *string `json:"tenant_id,omitempty"`
	UserID    *string `json:"user_id,omitempty"`
}

type ticket struct {
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expires_at"`
}

type created struct {
	Location string `header:"Location"`
	Body     wire.SessionCreated
}

func (s *Server) sessionRoutes() {
	tags := []string{"sessions"}
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/session/create", Summary: "Create a session", DefaultStatus: http.StatusCreated, Tags: tags,
		Description: "For the signed-in user, for the user of the credentials, or anonymous. The secret of an anonymous one is told once."}, s.createSession)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/session/create-anonymous", Summary: "Create an anonymous session", DefaultStatus: http.StatusCreated,
		Tags: tags}, s.createAnonymous)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/session/{id}", Summary: "Read a session", Tags: tags}, s.getSession)
	route(s, huma.Operation{Method: http.MethodPatch, Path: "/api/session/{id}/upgrade", Summary: "Give an anonymous session to its user", Tags: tags,
		Description: "Needs a fresh access token and the session's secret. The session keeps its id; the secret is dead afterwards.",
		Security:    []map[string][]string{{"bearer": {}, "sessionSecret": {}}}}, s.upgradeSession)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/sessions", Summary: "List my sessions", Tags: tags}, s.listSessions)
	route(s, huma.Operation{Method: http.MethodDelete, Path: "/api/session/{id}", Summary: "End a session", Tags: tags, DefaultStatus: http.StatusOK}, s.endSession)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/runtime/agent/ticket", Summary: "Buy a one-time ticket for a socket", Tags: []string{"sockets"},
		Description: "Good once, for 30 seconds, from the same Origin."}, s.issueTicket)
}

func (s *Server) createSession(ctx context.Context, in *struct{ Body *createBody }) (*created, error) {
	if in.Body == nil {
		in.Body = &createBody{}
	}
	c := callerOf(ctx)
	p := c.principal
	if given := in.Body.Credentials; given != nil {
		if c.signedIn {
			return nil, wire.ErrConflict.WithMsg("Send either a login or credentials in the body.")
		}
		var err error
		if p, err = s.d.Accounts.Identify(ctx, given.Email, given.Password, s.client(ctx)); err != nil {
			return nil, ratedError{err, loginRated}
		}
		if !c.names.agree(p) {
			return nil, fault.ErrTenantMismatch
		}
	}
	if p.Kind != identity.KindUser {
		return s.makeAnonymous(ctx, in.Body.Metadata)
	}
	made, err := s.d.Sessions.Create(ctx, p, in.Body.Metadata)
	if err != nil {
		return nil, err
	}
	return newCreated(made), nil
}

func newCreated(made trafficcop.Created) *created {
	return &created{Location: "/api/session/" + made.Session.ID(), Body: wire.NewSessionCreated(made.Session, made.Secret)}
}

func (s *Server) createAnonymous(ctx context.Context, in *struct{ Body *anonymousBody }) (*created, error) {
	if in.Body == nil {
		in.Body = &anonymousBody{}
	}
	return s.makeAnonymous(ctx, in.Body.Metadata)
}

func (s *Server) makeAnonymous(ctx context.Context, metadata []byte) (*created, error) {
	made, err := s.d.Sessions.CreateAnonymous(ctx, metadata, s.client(ctx))
	if err != nil {
		return nil, err
	}
	x := exchangeOf(ctx)
	s.cookies.SetAnonymous(x.w, x.r, made.Session.ID(), made.Secret, session.AnonymousLife)
	return newCreated(made), nil
}

// sessionShape gives a session with what its realms made.
func (s *Server) sessionShape(ctx context.Context, found session.Session) (wire.Session, error) {
	snap := found.Snapshot()
	scope := identity.Scope{TenantID: found.IsolationID(), OwnerID: snap.OwnerUserID}
	if scope.OwnerID == "" {
		scope.SessionID = snap.ID
	}
	made, err := s.d.Artifacts.RealmState(ctx, scope, snap.ID)
	if err != nil {
		return wire.Session{}, err
	}
	state, err := wire.Marshal(map[string]any{"realm_state": made})
	if err != nil {
		return wire.Session{}, err
	}
	return wire.NewSession(found, s.d.Clock.Now(), state), nil
}

type sessionPath struct {
	ID string `path:"id"`
}

func (s *Server) getSession(ctx context.Context, _ *sessionPath) (*body[wire.Session], error) {
	shape, err := s.sessionShape(ctx, callerOf(ctx).session)
	return &body[wire.Session]{shape}, err
}

// upgradeSession verifies both halves itself: an explicit token, for which the login cookie is no substitute, and the secret.
func (s *Server) upgradeSession(ctx context.Context, in *struct {
	ID   string `path:"id"`
	Body *upgradeBody
}) (*body[wire.Session], error) {
	if in.Body == nil {
		in.Body = &upgradeBody{}
	}
	x := exchangeOf(ctx)
	token, given, err := wire.Bearer(x.r.Header)
	if err != nil {
		return nil, err
	}
	if second := text(in.Body.AccessToken); second != "" {
		if given && second != token {
			return nil, wire.ErrConflict
		}
		token = second
	}
	proof, err := s.cookies.ProofFor(x.r, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.sameSite(x.r, proof.ByCookie); err != nil {
		return nil, err
	}
	named := callerOf(ctx).names
	tenantID, sameTenant := only(named.tenants)
	userID, sameUser := only(named.users)
	if !sameTenant || !sameUser {
		return nil, fault.ErrTenantMismatch
	}
	done, err := s.d.Sessions.Upgrade(ctx, trafficcop.UpgradeCommand{
		SessionID: in.ID, Secret: proof.Secret, AccessToken: token, UserID: userID, TenantID: tenantID, Metadata: in.Body.Metadata,
	})
	if err != nil {
		return nil, err
	}
	s.cookies.Expire(x.w, s.cookies.AnonymousName(in.ID))
	shape, err := s.sessionShape(ctx, done.Session)
	if err == nil && done.AccessToken != "" {
		shape.AccessToken, shape.TokenType = done.AccessToken, "Bearer"
		shape.ExpiresIn = max(0, int(done.Claims.ExpiresAt.Sub(s.d.Clock.Now()).Round(time.Second).Seconds()))
	}
	return &body[wire.Session]{shape}, err
}

// text gives what p points at, "" for nothing.
func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

type pageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
}

func (s *Server) listSessions(ctx context.Context, in *pageInput) (*body[sessionList], error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("sessions", p)
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.d.Sessions.List(ctx, p, ports.Page{Limit: in.Limit + 1, After: after})
	if err != nil {
		return nil, err
	}
	found, next := window(found, in.Limit, func(f session.Session) string { return cursors.seal(f.ID()) })
	list := sessionList{Sessions: make([]wire.Session, len(found)), NextCursor: next}
	for i, f := range found {
		list.Sessions[i] = wire.NewSession(f, s.d.Clock.Now(), nil)
	}
	return &body[sessionList]{list}, nil
}

func (s *Server) endSession(ctx context.Context, in *struct {
	ID   string `path:"id"`
	Body *nothing
}) (*body[done], error) {
	if err := s.d.Sessions.End(ctx, callerOf(ctx).principal, in.ID); err != nil {
		return nil, err
	}
	return &body[done]{done{Success: true}}, nil
}

func (s *Server) issueTicket(ctx context.Context, _ *struct{ Body *ticketBody }) (*body[ticket], error) {
	c := callerOf(ctx)
	secret, until, err := s.d.Sessions.IssueTicket(ctx, c.principal, c.session.ID(), wire.Header(exchangeOf(ctx).r))
	return &body[ticket]{ticket{Ticket: secret, ExpiresAt: until.UTC()}}, err
}
