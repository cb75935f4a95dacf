// Package authkit puts the use cases of sign-in and sessions together for tests: on memstore, with real tokens, a clock that the test
// moves, a hasher that costs nothing and counts, and a bus that remembers.
package authkit

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

// Password is the password of everybody whom Register makes.
const Password = "violet armchair 17"

// Kit is one deployment.
type Kit struct {
	T        testing.TB
	Clock    *clock.Clock
	Store    *Store
	Hasher   *Hasher
	Bus      *Bus
	Keys     *jwtauth.Keys
	Issuer   *jwtauth.Issuer
	Verifier *jwtauth.Verifier
	Guard    *securityguard.Guard
	Accounts *accounts.Service
	Sessions *trafficcop.Sessions
	// Config is that of Accounts.
	Config accounts.Config

	mu      sync.Mutex
	clients int
	users   int
}

// New makes a deployment with an empty store; change, if given, adjusts the policy.
func New(t testing.TB, change ...func(*accounts.Config)) *Kit {
	t.Helper()
	k := &Kit{T: t, Clock: clock.Fixed(), Hasher: &Hasher{}, Bus: &Bus{}, Config: accounts.Defaults()}
	for _, c := range change {
		c(&k.Config)
	}
	k.Store = &Store{UnitOfWork: memstore.New(k.Clock)}
	seed := sha256.Sum256([]byte("authkit"))
	var err error
	k.Keys, err = jwtauth.NewKeys(ed25519.NewKeyFromSeed(seed[:]))
	require.NoError(t, err)
	cfg := jwtauth.Config{Issuer: "https://test.example", Audience: "symphainy"}
	k.Issuer, err = jwtauth.NewIssuer(k.Keys, cfg, k.Clock, system.IDs{})
	require.NoError(t, err)
	k.Verifier, err = jwtauth.NewVerifier(k.Keys, cfg, k.Clock)
	require.NoError(t, err)
	k.Guard, k.Accounts, k.Sessions = k.Replica()
	return k
}

// Replica makes another process over the same store: it shares nothing else and hears no hints.
func (k *Kit) Replica() (*securityguard.Guard, *accounts.Service, *trafficcop.Sessions) {
	guard := securityguard.New(k.Store, k.Verifier, k.Clock)
	service := accounts.New(accounts.Deps{
		UnitOfWork: k.Store, Issuer: k.Issuer, Hasher: k.Hasher, Blocklist: Blocklist{"qwertyuiop": true}, Clock: k.Clock,
		IDs: system.IDs{}, Bus: k.Bus, Guard: guard, Config: k.Config,
	})
	sessions := trafficcop.NewSessions(trafficcop.Deps{
		UnitOfWork: k.Store, Guard: guard, Issuer: k.Issuer, Clock: k.Clock, IDs: system.IDs{}, Bus: k.Bus,
	})
	return guard, service, sessions
}

// Client gives a client whose address nobody had before.
func (k *Kit) Client() accounts.Client {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clients++
	return accounts.Client{Address: fmt.Sprintf("10.%d.%d.%d", k.clients>>16&255, k.clients>>8&255, k.clients&255)}
}

// Email gives the address of a person of a name.
func Email(name string) string { return name + "@example.org" }

// Register makes an account.
func (k *Kit) Register(name string) accounts.SignIn {
	k.T.Helper()
	in, err := k.Accounts.Register(k.T.Context(), accounts.RegisterCommand{
		Name: name, Email: Email(name), Password: Password, Client: k.Client(),
	})
	require.NoError(k.T, err)
	return in
}

// RegisterFresh makes an account under a name that nobody had before.
func (k *Kit) RegisterFresh() accounts.SignIn {
	k.T.Helper()
	k.mu.Lock()
	k.users++
	name := fmt.Sprintf("user%d", k.users)
	k.mu.Unlock()
	return k.Register(name)
}

// IDs gives the source of ids.
func (*Kit) IDs() ports.IDs { return system.IDs{} }

// Conversation stores a conversation of an anonymous session and gives its id.
func (k *Kit) Conversation(sessionID string) string {
	k.T.Helper()
	c := agent.Conversation{
		ID: k.IDs().NewID(typeid.Conversation), TenantID: sessionID, SessionID: sessionID, ClientID: "c", Surface: "guide",
		CreatedAt: k.Clock.Now(), UpdatedAt: k.Clock.Now(),
	}
	require.NoError(k.T, k.Store.Do(k.T.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Conversations.Insert(ctx, c)
	}))
	return c.ID
}

// Login signs in from a new address, with what the proof takes along.
func (k *Kit) Login(name string, proof accounts.SessionProof) accounts.SignIn {
	k.T.Helper()
	in, err := k.Accounts.Login(k.T.Context(), accounts.LoginCommand{
		Email: Email(name), Password: Password, Session: proof, Client: k.Client(),
	})
	require.NoError(k.T, err)
	return in
}

// Anonymous makes an anonymous session.
func (k *Kit) Anonymous() trafficcop.Created {
	k.T.Helper()
	made, err := k.Sessions.CreateAnonymous(k.T.Context(), nil, k.Client())
	require.NoError(k.T, err)
	return made
}

// Caller gives the principal of an access token.
func (k *Kit) Caller(token string) identity.Principal {
	k.T.Helper()
	p, err := k.Guard.ValidateToken(k.T.Context(), token)
	require.NoError(k.T, err)
	return p
}

// Session reads a session as it is stored.
func (k *Kit) Session(id string) session.Session {
	k.T.Helper()
	var s session.Session
	require.NoError(k.T, k.Store.View(k.T.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		s, err = tx.Sessions.ByID(ctx, id)
		return err
	}))
	return s
}

// User changes a stored user.
func (k *Kit) User(id string, change func(*identity.User)) {
	k.T.Helper()
	require.NoError(k.T, k.Store.Do(k.T.Context(), func(ctx context.Context, tx ports.Tx) error {
		u, err := tx.Users.ByID(ctx, id)
		if err != nil {
			return err
		}
		change(&u)
		return tx.Users.Save(ctx, u)
	}))
}

// Users gives how many users are stored.
func (k *Kit) Users() int {
	k.T.Helper()
	var n int64
	require.NoError(k.T, k.Store.View(k.T.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		n, err = tx.Users.Count(ctx)
		return err
	}))
	return int(n)
}

// Audit gives the records of a tenant, oldest first, as "action result".
func (k *Kit) Audit(tenantID string) []string {
	k.T.Helper()
	var records []audit.Record
	require.NoError(k.T, k.Store.View(k.T.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		records, err = tx.Audit.List(ctx, tenantID, ports.Page{Limit: 1000})
		return err
	}))
	out := make([]string, len(records))
	for i, r := range records {
		out[len(records)-1-i] = r.Action + " " + string(r.Result)
	}
	return out
}

// Hasher is a ports.PasswordHasher that costs nothing and counts.
type Hasher struct {
	mu      sync.Mutex
	Hashed  int
	Matched int
	// Dummies counts comparisons without a hash, as for an unknown user.
	Dummies int
	// Busy makes every call fail for want of a slot.
	Busy bool
}

// Hash gives the password back behind a mark.
func (h *Hasher) Hash(_ context.Context, password string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Busy {
		return "", ports.ErrHashBusy
	}
	h.Hashed++
	return "hash:" + password, nil
}

// Matches compares with what Hash gave.
func (h *Hasher) Matches(_ context.Context, password, encoded string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Busy {
		return false, ports.ErrHashBusy
	}
	h.Matched++
	if encoded == "" {
		h.Dummies++
		return false, nil
	}
	return encoded == "hash:"+password, nil
}

// Count gives how many hashes were made and compared since the last call.
func (h *Hasher) Count() (hashed, matched, dummies int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	hashed, matched, dummies = h.Hashed, h.Matched, h.Dummies
	h.Hashed, h.Matched, h.Dummies = 0, 0, 0
	return hashed, matched, dummies
}

// Blocklist is a ports.PasswordBlocklist of lower-case passwords.
type Blocklist map[string]bool

// Blocked ignores case.
func (b Blocklist) Blocked(password string) bool { return b[strings.ToLower(password)] }

// Bus is a ports.EventBus that remembers what was published.
type Bus struct {
	mu    sync.Mutex
	hints []ports.Hint
	// Fails makes Publish fail.
	Fails error
}

// Publish remembers the hint.
func (b *Bus) Publish(_ context.Context, h ports.Hint) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hints = append(b.hints, h)
	return b.Fails
}

// Subscribe gives a channel on which nothing comes.
func (b *Bus) Subscribe(string) (<-chan ports.Hint, func(), error) {
	return make(chan ports.Hint), func() {}, nil
}

// Sessions gives the ids of the sessions that were announced since the last call.
func (b *Bus) Sessions() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for _, h := range b.hints {
		ids = append(ids, h.SessionID)
	}
	b.hints = nil
	return ids
}
