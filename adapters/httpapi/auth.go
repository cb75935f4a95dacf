package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
)

type registerBody struct {
	Name       string  `json:"name" doc:"1 to 100 characters"`
	Email      string  `json:"email" doc:"At most 254 characters"`
	Password   string  `json:"password" doc:"8 to 1,024 characters; 15 or more are recommended"`
	SessionID  *string `json:"session_id,omitempty" doc:"An anonymous session to upgrade in the same call; its secret comes by header or cookie"`
	Invitation *string `json:"invitation,omitempty" maxLength:"100" doc:"The token of an invitation into a tenant; without one a new tenant is made"`
}

type loginBody struct {
	Email     string     `json:"email"`
	Password  string     `json:"password"`
	SessionID *string    `json:"session_id,omitempty" doc:"An anonymous session to upgrade in the same call"`
	Metadata  jsonObject `json:"metadata,omitempty" doc:"Kept with the session"`
}

type refreshBody struct {
	RefreshToken *string `json:"refresh_token,omitempty" doc:"Absent: the cookie's"`
}

type passwordBody struct {
	CurrentPassword string `json:"current_password"`
	NewPassword     string `json:"new_password"`
}

type mailBody struct {
	Email    *string `json:"email,omitempty"`
	Token    *string `json:"token,omitempty"`
	Password *string `json:"password,omitempty"`
}

// done answers what has nothing to tell.
type done struct {
	Success bool `json:"success"`
}

type tenant struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type profile struct {
	User        wire.User `json:"user"`
	Tenant      tenant    `json:"tenant"`
	UserID      string    `json:"user_id"`
	TenantID    string    `json:"tenant_id"`
	SessionID   string    `json:"session_id"`
	Roles       []string  `json:"roles"`
	Permissions []string  `json:"permissions"`
}

// errNoMail answers the routes that need a mail sender, which this server does not have.
var errNoMail = fault.New(fault.NotFound, "not_found", "This server sends no mail.")

func (s *Server) authRoutes() {
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/auth/register", Summary: "Register", DefaultStatus: http.StatusCreated, Tags: []string{"auth"},
		Description: "Makes a user, who owns a new tenant or joins the one that they were invited to, and signs them in."}, s.register)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/auth/login", Summary: "Sign in", Tags: []string{"auth"}}, s.login)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/auth/refresh", Summary: "Trade a refresh token for the next", Tags: []string{"auth"}}, s.refresh)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/auth/logout", Summary: "Sign out everywhere this sign-in reaches", Tags: []string{"auth"}}, s.logout)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/auth/me", Summary: "Who am I", Tags: []string{"auth"}}, s.me)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/auth/password", Summary: "Change the password", Tags: []string{"auth"},
		Description: "Ends the other sessions."}, s.password)
	for _, path := range []string{"/api/auth/verify", "/api/auth/reset", "/api/auth/reset/confirm"} {
		route(s, huma.Operation{Method: http.MethodPost, Path: path, Summary: "Only with a mail sender", Tags: []string{"auth"}},
			func(context.Context, *struct{ Body *mailBody }) (*body[done], error) { return nil, errNoMail })
	}
	route(s, huma.Operation{Method: http.MethodGet, Path: "/.well-known/jwks.json", Summary: "Public keys of access tokens", Tags: []string{"auth"}}, s.jwks)
}

func (s *Server) client(ctx context.Context) accounts.Client {
	return accounts.Client{Address: s.addresses.Client(exchangeOf(ctx).r)}
}

// proof gives the secret that a request carries for an anonymous session that its body names. One by cookie needs our own page.
func (s *Server) proof(ctx context.Context, sessionID *string) (accounts.SessionProof, error) {
	if sessionID == nil || *sessionID == "" {
		return accounts.SessionProof{}, nil
	}
	r := exchangeOf(ctx).r
	p, err := s.cookies.ProofFor(r, *sessionID)
	if err != nil {
		return accounts.SessionProof{}, err
	}
	return accounts.SessionProof{SessionID: p.SessionID, Secret: p.Secret}, s.sameSite(r, p.ByCookie)
}

func (s *Server) register(ctx context.Context, in *struct{ Body registerBody }) (*body[wire.AuthResponse], error) {
	proof, err := s.proof(ctx, in.Body.SessionID)
	if err != nil {
		return nil, err
	}
	signed, err := s.d.Accounts.Register(ctx, accounts.RegisterCommand{
		Name: in.Body.Name, Email: in.Body.Email, Password: in.Body.Password, Invitation: text(in.Body.Invitation), Session: proof, Client: s.client(ctx),
	})
	if err != nil {
		return nil, err
	}
	return s.signIn(ctx, signed), nil
}

func (s *Server) login(ctx context.Context, in *struct{ Body loginBody }) (*body[wire.AuthResponse], error) {
	proof, err := s.proof(ctx, in.Body.SessionID)
	if err != nil {
		return nil, err
	}
	signed, err := s.d.Accounts.Login(ctx, accounts.LoginCommand{
		Email: in.Body.Email, Password: in.Body.Password, Session: proof, Metadata: in.Body.Metadata, Client: s.client(ctx),
	})
	if err != nil {
		return nil, err
	}
	return s.signIn(ctx, signed), nil
}

func (s *Server) refresh(ctx context.Context, in *struct{ Body *refreshBody }) (*body[wire.AuthResponse], error) {
	x := exchangeOf(ctx)
	var token string
	if in.Body != nil && in.Body.RefreshToken != nil {
		token = *in.Body.RefreshToken
	}
	if token == "" {
		if token = s.cookies.Refresh(x.r); token == "" {
			return nil, session.ErrRefreshInvalid
		}
		if err := s.sameSite(x.r, true); err != nil {
			return nil, err
		}
	}
	signed, err := s.d.Accounts.Refresh(ctx, token, s.client(ctx))
	if err != nil {
		return nil, err
	}
	return s.signIn(ctx, signed), nil
}

// signIn answers a sign-in: tokens in the body for programs, and the same in cookies for browsers.
func (s *Server) signIn(ctx context.Context, in accounts.SignIn) *body[wire.AuthResponse] {
	x := exchangeOf(ctx)
	if in.LoginCookie != "" {
		s.cookies.Set(x.w, s.cookies.LoginName(), in.LoginCookie, session.ActiveLife)
	}
	s.cookies.Set(x.w, s.cookies.RefreshName(), in.RefreshToken, session.ActiveIdle)
	if in.Upgraded {
		s.cookies.Expire(x.w, s.cookies.AnonymousName(in.Session.ID()))
	}
	return &body[wire.AuthResponse]{wire.NewAuthResponse(wire.SignIn{
		AccessToken: in.AccessToken, RefreshToken: in.RefreshToken, SessionID: in.Session.ID(), ExpiresAt: in.Claims.ExpiresAt,
		User: in.User, TenantID: in.Tenant.ID, Roles: in.Roles,
	}, s.d.Clock.Now())}
}

func (s *Server) logout(ctx context.Context, _ *empty) (*body[done], error) {
	if err := s.d.Accounts.Logout(ctx, callerOf(ctx).principal); err != nil {
		return nil, err
	}
	w := exchangeOf(ctx).w
	s.cookies.Expire(w, s.cookies.LoginName())
	s.cookies.Expire(w, s.cookies.RefreshName())
	return &body[done]{done{Success: true}}, nil
}

func (s *Server) me(ctx context.Context, _ *none) (*body[profile], error) {
	p := callerOf(ctx).principal
	found, err := s.d.Accounts.Me(ctx, p)
	if err != nil {
		return nil, err
	}
	return &body[profile]{profile{
		User: wire.NewUser(found.User, found.Tenant.ID, found.Roles), Tenant: tenant{ID: found.Tenant.ID, Name: found.Tenant.Name},
		UserID: found.User.ID, TenantID: found.Tenant.ID, SessionID: p.SessionID, Roles: wire.Names(found.Roles), Permissions: wire.PermissionNames(found.Roles),
	}}, nil
}

func (s *Server) password(ctx context.Context, in *struct{ Body passwordBody }) (*body[done], error) {
	err := s.d.Accounts.ChangePassword(ctx, callerOf(ctx).principal, in.Body.CurrentPassword, in.Body.NewPassword, s.client(ctx))
	if err != nil {
		return nil, err
	}
	return &body[done]{done{Success: true}}, nil
}

func (s *Server) jwks(context.Context, *none) (*body[wire.Object], error) {
	keys, err := s.d.JWKS()
	if err != nil {
		return nil, err
	}
	return &body[wire.Object]{keys}, nil
}
