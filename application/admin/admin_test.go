package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/admin"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/faulty"
	"github.com/symphainy/symphainy/test/realmtest"
)

type world struct {
	*authkit.Kit
	admin                   *admin.Service
	owner, operator, member identity.Principal
	memberIn                accounts.SignIn
}

func service(k *authkit.Kit, uow ports.UnitOfWork) *admin.Service {
	return admin.New(admin.Deps{UnitOfWork: uow, Blobs: &realmtest.Blobs{}, Guard: k.Guard, Bus: k.Bus, Clock: k.Clock, IDs: k.IDs()})
}

// newWorld has a tenant with an owner and an invited member, and an operator who belongs to another tenant.
func newWorld(t *testing.T) *world {
	t.Helper()
	k := authkit.New(t, func(c *accounts.Config) {
		c.FirstUserIsOperator = true
		c.RegisterRate = ports.Rate{Window: time.Minute}
	})
	w := &world{Kit: k, admin: service(k, k.Store)}
	w.operator = k.Caller(k.Register("operator").AccessToken)
	w.owner = k.Caller(k.Register("owner").AccessToken)
	w.memberIn = w.join("member", identity.RoleMember)
	w.member = k.Caller(w.memberIn.AccessToken)
	return w
}

func (w *world) join(name string, role identity.Role) accounts.SignIn {
	w.T.Helper()
	invited, err := w.admin.Invite(w.T.Context(), w.owner, authkit.Email(name), role)
	require.NoError(w.T, err)
	in, err := w.Accounts.Register(w.T.Context(), accounts.RegisterCommand{
		Name: name, Email: authkit.Email(name), Password: authkit.Password, Invitation: invited.Token, Client: w.Client(),
	})
	require.NoError(w.T, err)
	require.Equal(w.T, w.owner.TenantID, in.Tenant.ID)
	require.Equal(w.T, []identity.Role{role}, in.Roles)
	return in
}

func TestAnInvitationIsForOneMailOnceAndAWhile(t *testing.T) {
	w := newWorld(t)
	invite := func() string {
		invited, err := w.admin.Invite(t.Context(), w.owner, " Bob@Example.org ", identity.RoleViewer)
		require.NoError(t, err)
		return invited.Token
	}
	register := func(email, token string) error {
		_, err := w.Accounts.Register(t.Context(), accounts.RegisterCommand{Name: "Bob", Email: email, Password: authkit.Password, Invitation: token, Client: w.Client()})
		return err
	}
	token := invite()
	users := w.Users()
	require.ErrorIs(t, register("eve@example.org", token), accounts.ErrInvitation, "another mail")
	require.ErrorIs(t, register("bob@example.org", token+"x"), accounts.ErrInvitation)
	require.Equal(t, users, w.Users(), "a refused registration leaves no account")
	require.NoError(t, register("BOB@example.org", token))
	require.ErrorIs(t, register("bob2@example.org", token), accounts.ErrInvitation, "twice")

	late, err := w.admin.Invite(t.Context(), w.owner, "carol@example.org", identity.RoleMember)
	require.NoError(t, err)
	w.Clock.Advance(identity.InvitationLife)
	require.ErrorIs(t, register("carol@example.org", late.Token), accounts.ErrInvitation)

	_, err = w.admin.Invite(t.Context(), w.owner, "not a mail", identity.RoleMember)
	require.ErrorIs(t, err, identity.ErrFresh, "the owner has been signed in for a week")
}

func TestOnlyRecentSignInsChangeThings(t *testing.T) {
	w := newWorld(t)
	w.Clock.Advance(identity.FreshFor)
	require.NoError(t, w.admin.SetRole(t.Context(), w.owner, "", w.member.UserID, identity.RoleViewer))
	w.Clock.Advance(time.Microsecond)
	for name, act := range map[string]func() error{
		"role":    func() error { return w.admin.SetRole(t.Context(), w.owner, "", w.member.UserID, identity.RoleMember) },
		"disable": func() error { return w.admin.SetDisabled(t.Context(), w.owner, w.member.UserID, true) },
		"invite": func() error {
			_, err := w.admin.Invite(t.Context(), w.owner, "x@example.org", identity.RoleMember)
			return err
		},
		"revoke":  func() error { return w.admin.Revoke(t.Context(), w.owner, w.member.SessionID) },
		"suspend": func() error { _, err := w.admin.Suspend(t.Context(), w.operator, w.owner.TenantID, true); return err },
		"create": func() error {
			_, _, err := w.admin.CreateTenant(t.Context(), w.operator, "X", "x@example.org")
			return err
		},
		"erase":  func() error { return w.admin.Erase(t.Context(), w.operator, w.owner.TenantID, "x") },
		"export": func() error { return w.admin.MayExport(t.Context(), w.owner, w.owner.TenantID) },
	} {
		require.ErrorIs(t, act(), identity.ErrFresh, name)
	}
	_, err := w.admin.People(t.Context(), w.owner, false, ports.Page{Limit: 10})
	require.NoError(t, err, "looking needs no recent sign-in")
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	set := func(p identity.Principal, userID string, role identity.Role) error {
		return w.admin.SetRole(t.Context(), p, "", userID, role)
	}
	second := w.Caller(w.join("second", identity.RoleAdmin).AccessToken)
	require.ErrorIs(t, set(w.member, w.member.UserID, identity.RoleOwner), fault.ErrPermission)
	require.ErrorIs(t, set(w.owner, w.owner.UserID, identity.RoleMember), admin.ErrSelf)
	require.ErrorIs(t, set(second, w.member.UserID, identity.RoleOwner), fault.ErrPermission, "an admin makes no owner")
	require.ErrorIs(t, set(second, w.owner.UserID, identity.RoleMember), fault.ErrPermission, "and unmakes none")
	require.ErrorIs(t, set(w.owner, w.member.UserID, "root"), fault.ErrPermission)
	require.ErrorIs(t, set(w.owner, w.operator.UserID, identity.RoleMember), fault.ErrNotFound, "of another tenant")
	require.ErrorIs(t, w.admin.SetRole(t.Context(), w.owner, w.operator.TenantID, w.operator.UserID, identity.RoleMember), fault.ErrNotFound)
	require.ErrorIs(t, w.admin.SetRole(t.Context(), w.operator, w.owner.TenantID, w.owner.UserID, identity.RoleMember), admin.ErrLastOwner)
	require.NoError(t, set(second, w.member.UserID, identity.RoleViewer))
	require.NoError(t, set(w.owner, w.member.UserID, identity.RoleOwner))
	require.NoError(t, w.admin.SetRole(t.Context(), w.operator, w.owner.TenantID, w.owner.UserID, identity.RoleMember), "an operator helps a tenant")
	w.Clock.Advance(time.Second)
	require.Equal(t, []identity.Role{identity.RoleMember}, w.Caller(w.Login("owner", accounts.SessionProof{}).AccessToken).Roles)
	require.Contains(t, w.Audit(w.owner.TenantID), "admin.role_changed completed")
}

func TestADisabledAccountIsOutEverywhere(t *testing.T) {
	w := newWorld(t)
	replica, _, _ := w.Replica()
	_, err := replica.ValidateToken(t.Context(), w.memberIn.AccessToken)
	require.NoError(t, err)
	require.ErrorIs(t, w.admin.SetDisabled(t.Context(), w.owner, w.owner.UserID, true), admin.ErrSelf)
	require.ErrorIs(t, w.admin.SetDisabled(t.Context(), w.owner, w.operator.UserID, true), fault.ErrNotFound, "another tenant's")
	require.ErrorIs(t, w.admin.SetDisabled(t.Context(), w.member, w.owner.UserID, true), fault.ErrPermission)
	w.Bus.Sessions()
	require.NoError(t, w.admin.SetDisabled(t.Context(), w.owner, w.member.UserID, true))
	require.NoError(t, w.admin.SetDisabled(t.Context(), w.owner, w.member.UserID, true), "twice is no error")
	require.Equal(t, []string{w.member.SessionID}, w.Bus.Sessions(), "open sockets hear of it")
	w.Clock.Advance(time.Second)
	require.ErrorIs(t, replica.Check(t.Context(), w.member), securityguard.ErrSessionChanged)
	_, err = w.Accounts.Refresh(t.Context(), w.memberIn.RefreshToken, w.Client())
	require.ErrorIs(t, err, session.ErrRefreshInvalid)
	_, err = w.Accounts.Login(t.Context(), accounts.LoginCommand{Email: authkit.Email("member"), Password: authkit.Password, Client: w.Client()})
	require.ErrorIs(t, err, accounts.ErrAuthentication)
	require.NoError(t, w.admin.SetDisabled(t.Context(), w.operator, w.member.UserID, false))
	w.Login("member", accounts.SessionProof{})
	require.ErrorIs(t, w.Guard.Check(t.Context(), w.member), securityguard.ErrSessionChanged, "the sessions of before stay dead")
	require.Subset(t, w.Audit(w.owner.TenantID), []string{"admin.user_disabled completed", "admin.user_enabled completed"})
}

func TestRevokeASession(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	require.ErrorIs(t, w.admin.Revoke(t.Context(), w.owner, w.operator.SessionID), fault.ErrNotFound)
	require.ErrorIs(t, w.admin.Revoke(t.Context(), w.owner, visit.Session.ID()), fault.ErrNotFound, "a visitor is of no tenant")
	require.ErrorIs(t, w.admin.Revoke(t.Context(), w.owner, "x"), fault.ErrNotFound)
	require.ErrorIs(t, w.admin.Revoke(t.Context(), w.member, w.owner.SessionID), fault.ErrPermission)
	w.Bus.Sessions()
	require.NoError(t, w.admin.Revoke(t.Context(), w.owner, w.member.SessionID))
	require.NoError(t, w.admin.Revoke(t.Context(), w.operator, visit.Session.ID()))
	require.Equal(t, []string{w.member.SessionID, visit.Session.ID()}, w.Bus.Sessions())
	require.ErrorIs(t, w.Guard.Check(t.Context(), w.member), securityguard.ErrSessionChanged)
	_, err := w.Accounts.Refresh(t.Context(), w.memberIn.RefreshToken, w.Client())
	require.ErrorIs(t, err, session.ErrRefreshInvalid)

	list, err := w.admin.Sessions(t.Context(), w.owner, false, ports.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list, 2)
	list, err = w.admin.Sessions(t.Context(), w.operator, true, ports.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list, 4)
}

func TestTenantsAreMadeSuspendedExportedAndErased(t *testing.T) {
	w := newWorld(t)
	made, invited, err := w.admin.CreateTenant(t.Context(), w.operator, " Example Ltd ", "boss@example.org")
	require.NoError(t, err)
	require.Equal(t, "Example Ltd", made.Name)
	boss, err := w.Accounts.Register(t.Context(), accounts.RegisterCommand{
		Name: "Boss", Email: "boss@example.org", Password: authkit.Password, Invitation: invited.Token, Client: w.Client(),
	})
	require.NoError(t, err)
	require.Equal(t, []identity.Role{identity.RoleOwner}, boss.Roles)
	p := w.Caller(boss.AccessToken)

	require.NoError(t, w.admin.MayExport(t.Context(), p, made.ID))
	require.ErrorIs(t, w.admin.MayExport(t.Context(), w.owner, made.ID), fault.ErrNotFound)
	var out bytes.Buffer
	require.NoError(t, w.admin.Export(t.Context(), made.ID, &out))
	kinds := ""
	for line := range strings.Lines(out.String()) {
		var one struct{ Kind string }
		require.NoError(t, json.Unmarshal([]byte(line), &one))
		kinds += one.Kind + " "
	}
	require.Equal(t, "tenant member ", kinds)
	require.NotContains(t, out.String(), "argon2", "no hash leaves")

	require.ErrorIs(t, w.admin.Erase(t.Context(), w.operator, made.ID, "Example Ltd"), admin.ErrNotSuspended)
	_, err = w.admin.Suspend(t.Context(), w.owner, made.ID, true)
	require.ErrorIs(t, err, fault.ErrPermission)
	_, err = w.admin.Suspend(t.Context(), w.operator, w.operator.TenantID, true)
	require.ErrorIs(t, err, admin.ErrSelf)
	for _, suspended := range []bool{true, false, true} {
		got, err := w.admin.Suspend(t.Context(), w.operator, made.ID, suspended)
		require.NoError(t, err)
		require.Equal(t, suspended, got.Suspended)
		w.Clock.Advance(time.Second)
		require.Equal(t, suspended, w.Guard.Check(t.Context(), p) != nil)
	}
	require.ErrorIs(t, w.admin.Erase(t.Context(), w.operator, made.ID, "example ltd"), accounts.ErrInvalid)
	require.NoError(t, w.admin.Erase(t.Context(), w.operator, made.ID, "Example Ltd"))
	people, err := w.admin.People(t.Context(), w.operator, true, ports.Page{Limit: 100})
	require.NoError(t, err)
	for _, m := range people {
		require.NotEqual(t, boss.User.ID, m.UserID)
	}
	require.Subset(t, w.Audit(made.ID), []string{"admin.tenant_created completed", "admin.tenant_suspended completed", "admin.tenant_erased completed"})
	tenants, err := w.admin.Tenants(t.Context(), w.operator, ports.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, tenants, 3)
	require.Equal(t, admin.ErasedName, tenants[2].Name)
	own, err := w.admin.Tenants(t.Context(), w.owner, ports.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, own, 1)
}

// An act that fails anywhere either has happened whole, with its record, or not at all.
func TestDisablingSurvivesEveryFault(t *testing.T) {
	faulty.Sweep(t, func(t *testing.T, wrap func(ports.UnitOfWork) *faulty.Store) {
		t.Helper()
		w := newWorld(t)
		before := len(w.Audit(w.owner.TenantID))
		broken := wrap(w.Store)
		err := service(w.Kit, broken).SetDisabled(t.Context(), w.owner, w.member.UserID, true)
		var disabled bool
		require.NoError(t, w.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			u, err := tx.Users.ByID(ctx, w.member.UserID)
			disabled = u.Disabled
			return err
		}))
		require.Equal(t, disabled, len(w.Audit(w.owner.TenantID)) > before)
		if broken.Struck() == "" || broken.Struck() == faulty.Answer {
			require.True(t, disabled)
			return
		}
		require.ErrorIs(t, err, fault.ErrUnavailable)
		require.False(t, disabled)
	})
}

func TestTheCommandLineMakesOperators(t *testing.T) {
	k := authkit.New(t)
	made, err := k.Accounts.Create(t.Context(), accounts.CreateCommand{Name: "Op", Email: "op@example.org", Password: authkit.Password, Operator: true})
	require.NoError(t, err)
	require.True(t, made.Operator)
	require.Contains(t, k.Caller(k.Login("op", accounts.SessionProof{}).AccessToken).Roles, identity.RoleOperator)
	ada := k.Register("ada")
	_, err = k.Accounts.Create(t.Context(), accounts.CreateCommand{Name: "Ada", Email: authkit.Email("ada"), Password: authkit.Password})
	require.ErrorIs(t, err, accounts.ErrEmailTaken)
	promoted, err := k.Accounts.Create(t.Context(), accounts.CreateCommand{Email: " ADA@example.org", Operator: true})
	require.NoError(t, err)
	require.Equal(t, ada.User.ID, promoted.ID)
	require.True(t, promoted.Operator)
	_, err = k.Accounts.Create(t.Context(), accounts.CreateCommand{Name: "X", Email: "x@example.org", Password: "short", Operator: true})
	require.ErrorIs(t, err, accounts.ErrInvalid)
}
