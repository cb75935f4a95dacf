package sessionupgrade_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/sessionupgrade"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
)

func claim(k *authkit.Kit, sessionID, secret, userID, tenantID string) sessionupgrade.Claim {
	return sessionupgrade.Claim{
		SessionID: sessionID, Secret: secret, UserID: userID, TenantID: tenantID,
		AuditID: k.IDs().NewID(typeid.AuditRecord), Now: k.Clock.Now(),
	}
}

func TestOnlyTheWholeProofWins(t *testing.T) {
	k := authkit.New(t)
	in, visit := k.Register("ada"), k.Anonymous()
	records := k.Audit(in.Tenant.ID)
	try := func(sessionID, secret string) (won bool) {
		require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
			_, won, err = sessionupgrade.InTx(ctx, tx, claim(k, sessionID, secret, in.User.ID, in.Tenant.ID))
			return err
		}))
		return won
	}
	for _, proof := range [][2]string{
		{"", ""}, {visit.Session.ID(), ""}, {"", visit.Secret}, {visit.Session.ID(), "sas_x"}, {in.Session.ID(), visit.Secret},
	} {
		require.False(t, try(proof[0], proof[1]))
	}
	require.Equal(t, visit.Session, k.Session(visit.Session.ID()))
	require.Equal(t, records, k.Audit(in.Tenant.ID), "no win, no trace")
	require.True(t, try(visit.Session.ID(), visit.Secret))
	require.False(t, try(visit.Session.ID(), visit.Secret), "once")
	require.Equal(t, append(records, "session.upgraded completed"), k.Audit(in.Tenant.ID))
}

// Whichever store fails after the compare-and-set: the error comes out, so that the transaction rolls back, and nothing has happened.
func TestAFailureAfterTheWinUndoesIt(t *testing.T) {
	broken := errors.New("broken")
	for name, spoil := range map[string]func(tx *ports.Tx){
		"re-keying": func(tx *ports.Tx) { tx.Scopes = brokenScopes{tx.Scopes, broken} },
		"tickets":   func(tx *ports.Tx) { tx.Tickets = brokenTickets{tx.Tickets, broken} },
		"audit":     func(tx *ports.Tx) { tx.Audit = brokenAudit{tx.Audit, broken} },
	} {
		k := authkit.New(t)
		in, visit := k.Register("ada"), k.Anonymous()
		k.Clock.Advance(time.Second)
		err := k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			spoil(&tx)
			_, won, err := sessionupgrade.InTx(ctx, tx, claim(k, visit.Session.ID(), visit.Secret, in.User.ID, in.Tenant.ID))
			require.False(t, won, name)
			return err
		})
		require.ErrorIs(t, err, broken, name)
		require.Equal(t, visit.Session, k.Session(visit.Session.ID()), name)
	}
}

type brokenScopes struct {
	ports.ScopeStore
	err error
}

func (b brokenScopes) Rekey(context.Context, string, string, string) error { return b.err }

type brokenTickets struct {
	ports.TicketStore
	err error
}

func (b brokenTickets) DeleteBySession(context.Context, string) error { return b.err }

type brokenAudit struct {
	ports.AuditLog
	err error
}

func (b brokenAudit) Append(context.Context, ...audit.Record) error { return b.err }
