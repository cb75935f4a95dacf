package storetest

import (
	"context"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// awkward is text that careless storing spoils.
const awkward = "Zoë's \"quote\" \\ % _ \n\t 日本 🚀 O'Brien; --"

// awkwardJSON is a JSON object with the same in it.
const awkwardJSON = `{"b": [1, 2.5, null, true], "a": {"text": "Zoë's \"quote\" \\ % _ \n 日本 🚀"}, "empty": {}}`

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// home is somebody with a session: a user of a tenant, or a visitor whose tenant is the session.
type home struct {
	user      identity.User
	tenantID  string
	session   session.Session
	secret    []byte
	principal identity.Principal
	scope     identity.Scope
}

func (s *suite) newUser() identity.User {
	uid := id(typeid.User)
	return identity.User{
		ID: uid, Email: uid + "@Example.org", EmailKey: strings.ToLower(uid) + "@example.org", Name: "Ada", PasswordHash: "$argon2id$x",
		CreatedAt: s.at(0), UpdatedAt: s.at(0),
	}
}

// member makes a user with a session; tenantID "" makes a tenant of their own.
func (s *suite) member(t *testing.T, tenantID string) home {
	t.Helper()
	h := home{user: s.newUser(), tenantID: tenantID}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		h := &h
		if tenantID == "" {
			h.tenantID = id(typeid.Tenant)
			if err := tx.Tenants.Insert(ctx, identity.Tenant{ID: h.tenantID, Name: "Home", CreatedAt: s.at(0)}); err != nil {
				return err
			}
		}
		if err := tx.Users.Insert(ctx, h.user); err != nil {
			return err
		}
		m := identity.Membership{TenantID: h.tenantID, UserID: h.user.ID, Role: identity.RoleOwner, CreatedAt: s.at(0)}
		if err := tx.Tenants.AddMember(ctx, m); err != nil {
			return err
		}
		h.session = session.NewActive(id(typeid.Session), h.user.ID, h.tenantID, []byte(`{}`), s.at(0))
		return tx.Sessions.Insert(ctx, h.session)
	})
	h.principal = identity.Principal{
		Kind: identity.KindUser, UserID: h.user.ID, TenantID: h.tenantID, SessionID: h.session.ID(), SessionEpoch: 1,
		Roles: []identity.Role{identity.RoleOwner}, AuthTime: s.at(0), ExpiresAt: s.at(600),
	}
	h.scope = h.principal.Scope()
	return h
}

// visitor makes an anonymous session.
func (s *suite) visitor(t *testing.T) home {
	t.Helper()
	sid := id(typeid.Session)
	h := home{tenantID: sid, secret: hashOf("secret of " + sid)}
	h.session = session.NewAnonymous(sid, h.secret, hashOf("address"), []byte(`{}`), s.at(0))
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Sessions.Insert(ctx, h.session) })
	h.principal = identity.Principal{
		Kind: identity.KindAnonymous, TenantID: sid, SessionID: sid, SessionEpoch: 1, Roles: []identity.Role{identity.RoleAnonymous},
	}
	h.scope = h.principal.Scope()
	return h
}

// execution makes an accepted execution of somebody, due since its creation, without storing it.
func (s *suite) execution(h home, minutes int, edit func(*execution.Snapshot)) execution.Execution {
	in := intent.Intent{
		ID: id(typeid.Intent), Type: "parse_content", Parameters: []byte(`{"a":1}`), Metadata: []byte(`{}`), SolutionID: intent.DefaultSolution,
	}
	e := execution.Accept(id(typeid.Execution), "content", in, h.principal, h.session.ID(), "trace", time.Time{}, s.at(minutes))
	row := e.Snapshot()
	if edit != nil {
		edit(&row)
	}
	return execution.Restore(row)
}

// stored is execution, stored in a transaction of its own.
func (s *suite) stored(t *testing.T, h home, minutes int, edit func(*execution.Snapshot)) execution.Snapshot {
	t.Helper()
	e := s.execution(h, minutes, edit)
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Insert(ctx, e) })
	return e.Snapshot()
}

// begun is a new execution that its owner has claimed before it is stored.
func (s *suite) begun(h home) execution.Execution {
	return s.execution(h, 1, func(r *execution.Snapshot) {
		r.State, r.Fence, r.Attempt, r.LeaseOwner = execution.Running, 1, 1, "worker"
		r.LeaseUntil, r.StartedAt = r.CreatedAt.Add(time.Second), r.CreatedAt
	})
}

// reload reads an execution under its present scope.
func (s *suite) reload(t *testing.T, row execution.Snapshot) execution.Snapshot {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) (execution.Execution, error) {
		return tx.Executions.ByID(ctx, row.Scope(), row.ID)
	}).Snapshot()
}

func (s *suite) artifact(h home, minutes int, edit func(*artifact.Snapshot)) artifact.Artifact {
	row := artifact.Snapshot{
		ID: id(typeid.Artifact), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), SolutionID: intent.DefaultSolution,
		Sharing: artifact.Workspace, Realm: "content", Type: "file", DataClass: artifact.WorkingMaterial, Purpose: "delivery",
		State: artifact.Ready, Payload: []byte(`{}`), ContentVersion: 1, Current: true, Origin: "authenticated", CreatedAt: s.at(minutes),
		UpdatedAt: s.at(minutes),
	}
	if edit != nil {
		edit(&row)
	}
	return artifact.Restore(row)
}

func (s *suite) contract(h home, minutes int) artifact.Contract {
	return artifact.Contract{
		ID: id(typeid.Contract), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), FileID: id(typeid.File),
		SourceMetadata: []byte(`{}`), Status: artifact.ContractPending, CreatedAt: s.at(minutes), UpdatedAt: s.at(minutes),
	}
}

func (s *suite) pendingIntent(h home, minutes int) intent.Pending {
	return intent.Pending{
		ID: id(typeid.PendingIntent), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), Type: "parse_content",
		Status: intent.PendingOpen, Context: []byte(`{}`), CreatedAt: s.at(minutes), UpdatedAt: s.at(minutes),
	}
}

func (s *suite) conversation(h home, minutes int) agent.Conversation {
	cid := id(typeid.Conversation)
	return agent.Conversation{
		ID: cid, TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), ClientID: "client " + cid, Surface: "content",
		AgentID: agent.LiaisonContent, CreatedAt: s.at(minutes), UpdatedAt: s.at(minutes),
	}
}

func (s *suite) message(c agent.Conversation, text string) agent.Message {
	return agent.Message{
		ID: id(typeid.Message), TenantID: c.TenantID, ConversationID: c.ID, Role: agent.RoleUser, Text: text, Origin: "authenticated",
		CreatedAt: s.at(1),
	}
}
