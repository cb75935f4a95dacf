package trafficcop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// SubmitCommand asks for an intent. The session has been resolved for the principal before (Sessions.Resolve).
type SubmitCommand struct {
	SessionID  string
	IntentType string
	// Parameters and Metadata are JSON objects, nil for {}.
	Parameters []byte
	Metadata   []byte
	SolutionID string
	// TenantID and UserID are compatibility fields of the body: empty, or equal to the credential's.
	TenantID string
	UserID   string
	// IntentID takes up a pending intent of that id; any other value is ignored.
	IntentID       string
	IdempotencyKey string
	// Same, if set, stands for the parameters when an idempotency key is compared: for parameters that hold a reference made for this
	// very request, such as an upload's.
	Same    []byte
	TraceID string
}

// Admission lets intents in: known, permitted, valid, with nobody else's tenant in them. What it lets through goes to the Runtime.
type Admission struct {
	catalogue *intents.Catalogue
	runtime   ports.Runtime
	uow       ports.UnitOfWork
	clock     ports.Clock
	ids       ports.IDs
}

// NewAdmission makes the admission of intents.
func NewAdmission(c *intents.Catalogue, r ports.Runtime, uow ports.UnitOfWork, clock ports.Clock, ids ports.IDs) *Admission {
	return &Admission{catalogue: c, runtime: r, uow: uow, clock: clock, ids: ids}
}

// Submit admits an intent of a caller and hands it to the Runtime. Nothing is stored when it is refused, but for an audit record when the
// caller may not do it.
func (a *Admission) Submit(ctx context.Context, p identity.Principal, cmd SubmitCommand) (ports.Receipt, error) {
	receipt, err := a.submit(ctx, p, cmd)
	if err != nil && fault.KindOf(err) == fault.Denied {
		return ports.Receipt{}, a.denied(ctx, p, cmd, err)
	}
	return receipt, err
}

func (a *Admission) submit(ctx context.Context, p identity.Principal, cmd SubmitCommand) (ports.Receipt, error) {
	if err := sameIdentity(p, cmd.TenantID, cmd.UserID); err != nil {
		return ports.Receipt{}, err
	}
	if err := intent.CheckKey(cmd.IdempotencyKey); err != nil {
		return ports.Receipt{}, err
	}
	entry, err := a.catalogue.Find(cmd.IntentType)
	if err != nil || entry.Spec.Internal {
		return ports.Receipt{}, intent.ErrUnknown
	}
	if !p.May(entry.Spec.Permission) || p.Anonymous() && !entry.Spec.Anonymous {
		return ports.Receipt{}, fault.ErrPermission
	}
	raw, err := withoutIdentity(p, cmd.SessionID, entry, cmd.Parameters)
	if err != nil {
		return ports.Receipt{}, err
	}
	parameters, err := entry.Parameters(raw)
	if err != nil {
		return ports.Receipt{}, err
	}
	same := cmd.Same
	if same == nil {
		same = parameters
	}
	s := ports.Submission{
		Spec: entry.Spec, Realm: entry.Realm, Principal: p, SessionID: cmd.SessionID, TraceID: cmd.TraceID,
		IdempotencyKey: cmd.IdempotencyKey, Fingerprint: fingerprint(entry.Spec.Type, cmd.SessionID, string(same)),
		Intent: intent.Intent{
			ID: a.ids.NewID(typeid.Intent), Type: entry.Spec.Type, Parameters: parameters, Metadata: object(cmd.Metadata), SolutionID: solution(cmd.SolutionID),
		},
	}
	if err := a.takeUp(ctx, p, cmd.IntentID, &s); err != nil {
		return ports.Receipt{}, err
	}
	if cmd.IdempotencyKey == "" && cmd.Same == nil && s.Alongside.PendingID == "" {
		s.Intent.SameKey = hex.EncodeToString(fingerprint(entry.Spec.Type, s.Intent.SolutionID, string(parameters)))
	}
	if entry.Stager != nil {
		if s.Intent.Parameters, err = entry.Stager.Stage(ctx, p, entry.Spec.Type, parameters); err != nil {
			return ports.Receipt{}, err
		}
	}
	return a.runtime.Submit(ctx, s)
}

// sameIdentity refuses a body that names another tenant or user than the credential. While anonymous there is no tenant to name, except
// the session's own id, which is its isolation scope.
func sameIdentity(p identity.Principal, tenantID, userID string) error {
	if tenantID != "" && tenantID != p.TenantID || userID != "" && userID != p.UserID {
		return fault.ErrTenantMismatch
	}
	return nil
}

// withoutIdentity takes tenant, session and user out of the parameters where the intent has no parameter of that name: they are
// accepted if they are what the server knows, and never used.
func withoutIdentity(p identity.Principal, sessionID string, e intents.Entry, raw []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return raw, nil //nolint:nilerr // not an object: the validation that follows says so
	}
	changed := false
	for name, own := range map[string]string{"tenant_id": p.TenantID, "user_id": p.UserID, "session_id": sessionID} {
		value, given := fields[name]
		if !given || e.Declares(name) {
			continue
		}
		var text *string
		if json.Unmarshal(value, &text) != nil || text != nil && *text != own {
			return nil, fault.ErrTenantMismatch
		}
		delete(fields, name)
		changed = true
	}
	if !changed {
		return raw, nil
	}
	return json.Marshal(fields)
}

// takeUp continues a pending intent of the caller under its own id. An id that names none is ignored, as contract.md §2 says.
func (a *Admission) takeUp(ctx context.Context, p identity.Principal, id string, s *ports.Submission) error {
	if !typeid.Valid(typeid.PendingIntent, id) {
		return nil
	}
	found := false
	err := a.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		pending, err := tx.Pending.ByID(ctx, p.Scope(), id)
		found = err == nil && pending.Type == s.Intent.Type && pending.Status == intent.PendingOpen
		if fault.KindOf(orNotFound(err)) == fault.NotFound {
			return nil
		}
		return err
	})
	if err != nil || !found {
		return err
	}
	s.Intent.ID = id
	s.Alongside.PendingID = id
	return nil
}

func orNotFound(err error) error {
	if err == nil {
		return fault.ErrNotFound
	}
	return err
}

func solution(id string) string {
	if id == "" {
		return intent.DefaultSolution
	}
	return id
}

func object(raw []byte) []byte {
	if len(bytes.TrimSpace(raw)) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return []byte("{}")
	}
	return raw
}

// fingerprint is the SHA-256 of the request's parts, each with its length, so that no two requests run together.
func fingerprint(parts ...string) []byte {
	h := sha256.New()
	for _, p := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
