package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

const platformScope = "platform"

type personShape struct {
	UserID   string    `json:"user_id"`
	Email    string    `json:"email"`
	Name     string    `json:"name"`
	Role     string    `json:"role" doc:"In the caller's tenant; empty in the list of the platform"`
	Disabled bool      `json:"disabled"`
	Operator bool      `json:"operator"`
	JoinedAt time.Time `json:"joined_at"`
}

type personList struct {
	Users      []personShape `json:"users"`
	NextCursor *string       `json:"next_cursor"`
}

type invitationShape struct {
	InvitationID string     `json:"invitation_id"`
	Email        string     `json:"email"`
	Role         string     `json:"role"`
	Status       string     `json:"status" enum:"open,used,expired"`
	InvitedBy    string     `json:"invited_by"`
	CreatedAt    time.Time  `json:"created_at"`
	ExpiresAt    time.Time  `json:"expires_at"`
	UsedAt       *time.Time `json:"used_at"`
	Token        string     `json:"token,omitempty" doc:"Told once; who registers gives it as invitation"`
}

type invitationList struct {
	Invitations []invitationShape `json:"invitations"`
	NextCursor  *string           `json:"next_cursor"`
}

type tenantShape struct {
	TenantID  string    `json:"tenant_id"`
	Name      string    `json:"name"`
	Suspended bool      `json:"suspended"`
	CreatedAt time.Time `json:"created_at"`
}

type tenantList struct {
	Tenants    []tenantShape `json:"tenants"`
	NextCursor *string       `json:"next_cursor"`
}

type tenantCreated struct {
	Tenant     tenantShape     `json:"tenant"`
	Invitation invitationShape `json:"invitation"`
}

type adminSessionShape struct {
	SessionID   string    `json:"session_id"`
	Status      string    `json:"status" enum:"anonymous,active,ended,expired"`
	IsAnonymous bool      `json:"is_anonymous"`
	TenantID    *string   `json:"tenant_id"`
	UserID      *string   `json:"user_id"`
	CreatedAt   time.Time `json:"created_at"`
	LastSeenAt  time.Time `json:"last_seen_at"`
	ExpiresAt   time.Time `json:"expires_at"`
}

type adminSessionList struct {
	Sessions   []adminSessionShape `json:"sessions"`
	NextCursor *string             `json:"next_cursor"`
}

// adminPage asks for a page of the own tenant or of the platform.
type adminPage struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
	Scope  string `query:"scope" enum:"tenant,platform" default:"tenant" doc:"platform needs an operator"`
}

func (s *Server) adminRoutes() {
	tags := []string{"admin"}
	op := func(method, path, summary, description string) huma.Operation {
		return huma.Operation{Method: method, Path: "/api/admin" + path, Summary: summary, Description: description, Tags: tags, DefaultStatus: http.StatusOK}
	}
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	created := op(post, "/invitations", "Invite somebody into the tenant", "The token is told once. A changing act needs a sign-in of the last 15 minutes, as all below.")
	created.DefaultStatus = http.StatusCreated
	tenant := op(post, "/tenants", "Make a tenant", "With an invitation for its first owner.")
	tenant.DefaultStatus = http.StatusCreated
	route(s, op(get, "/users", "People", "Members of the tenant, or with scope=platform all users."), s.listPeople)
	route(s, op(post, "/users/{id}/disable", "Disable an account", "Its sessions end, everywhere within a second."), s.disable(true))
	route(s, op(post, "/users/{id}/enable", "Enable an account again", "Also one that too many wrong passwords have locked."), s.disable(false))
	route(s, op(post, "/users/{id}/role", "Change a member's role", "Only owners make and unmake owners."), s.changeRole)
	route(s, op(post, "/tenants/{id}/members/{user_id}/role", "Change a role in any tenant", ""), s.changeRoleIn)
	route(s, op(get, "/invitations", "Invitations of the tenant", ""), s.listInvitations)
	route(s, created, s.invite)
	route(s, op(del, "/invitations/{id}", "Withdraw an invitation", ""), s.withdraw)
	route(s, op(get, "/tenants", "Tenants", "All of them for an operator, the own one for an admin."), s.listTenants)
	route(s, tenant, s.createTenant)
	route(s, op(post, "/tenants/{id}/suspend", "Take all rights from a tenant's members", ""), s.suspend(true))
	route(s, op(post, "/tenants/{id}/resume", "Give them back", ""), s.suspend(false))
	route(s, op(post, "/tenants/{id}/erase", "Remove what a suspended tenant has", "For good. Its audit records stay."), s.eraseTenant)
	export := op(get, "/tenants/{id}/export", "All data of a tenant as JSON lines", "Files are downloaded by their artifacts.")
	export.Parameters = pathParams(export.Path)
	export.Responses = map[string]*huma.Response{"200": {Description: "One object a line: kind and data.", Content: map[string]*huma.MediaType{"application/x-ndjson": {}}}}
	s.plain(export, s.exportTenant)
	route(s, op(get, "/sessions", "Sessions", "Of the tenant, or with scope=platform of everybody."), s.adminSessions)
	route(s, op(del, "/sessions/{id}", "Revoke a session", "Its tokens die at once, its sockets within a second."), s.revokeSession)
	s.auditRoutes(op)
	s.controlRoomRoutes(op)
	s.catalogueRoutes(op)
}

// paged reads a page of a list of the admin routes.
func paged[V, W any](
	ctx context.Context, s *Server, list string, in *adminPage, read func(p identity.Principal, page ports.Page) ([]V, error), id func(V) string, shape func(V) W,
) ([]W, *string, error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("admin."+list, p, in.Scope)
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, nil, err
	}
	found, err := read(p, ports.Page{Limit: in.Limit + 1, After: after})
	if err != nil {
		return nil, nil, err
	}
	found, next := window(found, in.Limit, func(v V) string { return cursors.seal(id(v)) })
	out := make([]W, len(found))
	for i, v := range found {
		out[i] = shape(v)
	}
	return out, next, nil
}

func (s *Server) listPeople(ctx context.Context, in *adminPage) (*body[personList], error) {
	list, next, err := paged(ctx, s, "users", in, func(p identity.Principal, page ports.Page) ([]identity.Member, error) {
		return s.d.Admin.People(ctx, p, in.Scope == platformScope, page)
	}, func(m identity.Member) string { return m.UserID }, func(m identity.Member) personShape {
		return personShape{m.UserID, m.Email, m.Name, string(m.Role), m.Disabled, m.Operator, m.JoinedAt.UTC()}
	})
	return &body[personList]{personList{list, next}}, err
}

// adminPath names an object and takes no body to speak of.
type adminPath struct {
	ID   string `path:"id"`
	Body *nothing
}

func (s *Server) disable(disabled bool) func(context.Context, *adminPath) (*body[done], error) {
	return func(ctx context.Context, in *adminPath) (*body[done], error) {
		return didIt(s.d.Admin.SetDisabled(ctx, callerOf(ctx).principal, in.ID, disabled))
	}
}

func didIt(err error) (*body[done], error) {
	if err != nil {
		return nil, err
	}
	return &body[done]{done{Success: true}}, nil
}

type roleBody struct {
	Role string `json:"role" enum:"owner,admin,member,viewer"`
}

func (s *Server) changeRole(ctx context.Context, in *struct {
	ID   string `path:"id"`
	Body roleBody
}) (*body[done], error) {
	return didIt(s.d.Admin.SetRole(ctx, callerOf(ctx).principal, "", in.ID, identity.Role(in.Body.Role)))
}

func (s *Server) changeRoleIn(ctx context.Context, in *struct {
	ID     string `path:"id"`
	UserID string `path:"user_id"`
	Body   roleBody
}) (*body[done], error) {
	return didIt(s.d.Admin.SetRole(ctx, callerOf(ctx).principal, in.ID, in.UserID, identity.Role(in.Body.Role)))
}

func (s *Server) invitationShape(i identity.Invitation) invitationShape {
	status := "open"
	switch {
	case !i.UsedAt.IsZero():
		status = "used"
	case !i.Open(s.d.Clock.Now()):
		status = "expired"
	}
	shape := invitationShape{
		InvitationID: i.ID, Email: i.Email, Role: string(i.Role), Status: status, InvitedBy: i.InvitedBy, CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC(),
	}
	if used := i.UsedAt.UTC(); !i.UsedAt.IsZero() {
		shape.UsedAt = &used
	}
	return shape
}

func (s *Server) listInvitations(ctx context.Context, in *adminPage) (*body[invitationList], error) {
	list, next, err := paged(ctx, s, "invitations", in, func(p identity.Principal, page ports.Page) ([]identity.Invitation, error) {
		return s.d.Admin.Invitations(ctx, p, page)
	}, func(i identity.Invitation) string { return i.ID }, s.invitationShape)
	return &body[invitationList]{invitationList{list, next}}, err
}

func (s *Server) invite(ctx context.Context, in *struct {
	Body struct {
		Email string `json:"email"`
		Role  string `json:"role" enum:"owner,admin,member,viewer"`
	}
}) (*body[invitationShape], error) {
	made, err := s.d.Admin.Invite(ctx, callerOf(ctx).principal, in.Body.Email, identity.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	shape := s.invitationShape(made.Invitation)
	shape.Token = made.Token
	return &body[invitationShape]{shape}, nil
}

func (s *Server) withdraw(ctx context.Context, in *adminPath) (*body[done], error) {
	return didIt(s.d.Admin.Withdraw(ctx, callerOf(ctx).principal, in.ID))
}

func newTenantShape(t identity.Tenant) tenantShape {
	return tenantShape{t.ID, t.Name, t.Suspended, t.CreatedAt.UTC()}
}

func (s *Server) listTenants(ctx context.Context, in *adminPage) (*body[tenantList], error) {
	list, next, err := paged(ctx, s, "tenants", in, func(p identity.Principal, page ports.Page) ([]identity.Tenant, error) {
		return s.d.Admin.Tenants(ctx, p, page)
	}, func(t identity.Tenant) string { return t.ID }, newTenantShape)
	return &body[tenantList]{tenantList{list, next}}, err
}

func (s *Server) createTenant(ctx context.Context, in *struct {
	Body struct {
		Name       string `json:"name" doc:"1 to 100 characters"`
		OwnerEmail string `json:"owner_email"`
	}
}) (*body[tenantCreated], error) {
	made, invited, err := s.d.Admin.CreateTenant(ctx, callerOf(ctx).principal, in.Body.Name, in.Body.OwnerEmail)
	if err != nil {
		return nil, err
	}
	shape := s.invitationShape(invited.Invitation)
	shape.Token = invited.Token
	return &body[tenantCreated]{tenantCreated{newTenantShape(made), shape}}, nil
}

func (s *Server) suspend(suspended bool) func(context.Context, *adminPath) (*body[tenantShape], error) {
	return func(ctx context.Context, in *adminPath) (*body[tenantShape], error) {
		t, err := s.d.Admin.Suspend(ctx, callerOf(ctx).principal, in.ID, suspended)
		return &body[tenantShape]{newTenantShape(t)}, err
	}
}

func (s *Server) eraseTenant(ctx context.Context, in *struct {
	ID   string `path:"id"`
	Body struct {
		Name string `json:"name" doc:"The tenant's exact name, so that nothing is erased by a slip"`
	}
}) (*body[done], error) {
	return didIt(s.d.Admin.Erase(ctx, callerOf(ctx).principal, in.ID, in.Body.Name))
}

// exportTenant streams. What fails on the way cuts the connection, so that a part is never taken for the whole.
func (s *Server) exportTenant(c *gin.Context) {
	ctx, id := c.Request.Context(), c.Param("id")
	if err := s.d.Admin.MayExport(ctx, callerOf(ctx).principal, id); err != nil {
		s.fail(c, err)
		return
	}
	if err := http.NewResponseController(c.Writer).SetWriteDeadline(time.Time{}); err != nil {
		s.fail(c, fault.New(fault.Internal, "internal", "move a deadline").Because(err))
		return
	}
	c.Header("Content-Type", "application/x-ndjson")
	c.Header("Content-Disposition", `attachment; filename="`+id+`.jsonl"`)
	if err := s.d.Admin.Export(ctx, id, c.Writer); err != nil {
		s.d.Log.WarnContext(ctx, "an export was cut", "error", err.Error())
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) adminSessions(ctx context.Context, in *adminPage) (*body[adminSessionList], error) {
	now := s.d.Clock.Now()
	list, next, err := paged(ctx, s, "sessions", in, func(p identity.Principal, page ports.Page) ([]session.Session, error) {
		return s.d.Admin.Sessions(ctx, p, in.Scope == platformScope, page)
	}, session.Session.ID, func(f session.Session) adminSessionShape {
		v := f.Snapshot()
		return adminSessionShape{
			v.ID, string(f.Status(now)), v.OwnerUserID == "", nullable(v.TenantID), nullable(v.OwnerUserID), v.CreatedAt.UTC(), v.LastSeenAt.UTC(), v.ExpiresAt.UTC(),
		}
	})
	return &body[adminSessionList]{adminSessionList{list, next}}, err
}

// nullable gives a pointer to a text, nil for none.
func nullable(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (s *Server) revokeSession(ctx context.Context, in *adminPath) (*body[done], error) {
	return didIt(s.d.Admin.Revoke(ctx, callerOf(ctx).principal, in.ID))
}
