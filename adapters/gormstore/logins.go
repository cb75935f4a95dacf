package gormstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type logins struct{ t *transaction }

var _ ports.LoginStore = logins{}

type loginRow struct {
	SessionID  string      `gorm:"column:session_id;primaryKey"`
	UserID     string      `gorm:"column:user_id"`
	TenantID   string      `gorm:"column:tenant_id"`
	Key        bytesOrNull `gorm:"column:mac_key"`
	Counter    int         `gorm:"column:counter"`
	Rotated    stamp       `gorm:"column:rotated_at"`
	CookieHash bytesOrNull `gorm:"column:cookie_hash"`
	AuthTime   stamp       `gorm:"column:auth_time"`
	IdleUntil  stamp       `gorm:"column:idle_until"`
	Ends       stamp       `gorm:"column:ends_at"`
	Created    stamp       `gorm:"column:created_at"`
}

func (loginRow) TableName() string { return "logins" }

func (r loginRow) login() session.Login {
	return session.Login{
		SessionID: r.SessionID, UserID: r.UserID, TenantID: r.TenantID, Key: r.Key, Counter: r.Counter, RotatedAt: r.Rotated.Time,
		CookieHash: r.CookieHash, AuthTime: r.AuthTime.Time, IdleUntil: r.IdleUntil.Time, EndsAt: r.Ends.Time, CreatedAt: r.Created.Time,
	}
}

func (s logins) Insert(ctx context.Context, l session.Login) error {
	return s.t.insert(ctx, &loginRow{
		SessionID: l.SessionID, UserID: l.UserID, TenantID: l.TenantID, Key: l.Key, Counter: l.Counter, Rotated: at(l.RotatedAt),
		CookieHash: l.CookieHash, AuthTime: at(l.AuthTime), IdleUntil: at(l.IdleUntil), Ends: at(l.EndsAt), Created: at(l.CreatedAt),
	})
}

func (s logins) BySession(ctx context.Context, sessionID string) (session.Login, error) {
	row, err := one[loginRow](ctx, s.t, "SELECT "+columns[loginRow]()+" FROM logins WHERE session_id = ?", sessionID)
	return restore(row, err, loginRow.login)
}

func (s logins) ByCookieHash(ctx context.Context, hash []byte) (session.Login, error) {
	if len(hash) == 0 {
		return session.Login{}, fault.ErrNotFound
	}
	row, err := one[loginRow](ctx, s.t, "SELECT "+columns[loginRow]()+" FROM logins WHERE cookie_hash = ?", hash)
	return restore(row, err, loginRow.login)
}

// Rotate is a compare-and-set on the counter.
func (s logins) Rotate(ctx context.Context, next session.Login, from int) error {
	n, err := s.t.exec(ctx, `UPDATE logins SET counter = ?, rotated_at = ?, cookie_hash = ?, auth_time = ?, idle_until = ?, ends_at = ?
		WHERE session_id = ? AND counter = ?`,
		next.Counter, at(next.RotatedAt), bytesOrNull(next.CookieHash), at(next.AuthTime), at(next.IdleUntil), at(next.EndsAt), next.SessionID, from)
	if err == nil && n == 0 {
		return fault.ErrStale
	}
	return err
}

func (s logins) Delete(ctx context.Context, sessionID string) error {
	_, err := s.t.exec(ctx, "DELETE FROM logins WHERE session_id = ?", sessionID)
	return err
}

type tickets struct{ t *transaction }

var _ ports.TicketStore = tickets{}

type ticketRow struct {
	Hash           []byte `gorm:"column:hash;primaryKey"`
	SessionID      string `gorm:"column:session_id"`
	Epoch          int    `gorm:"column:epoch"`
	TenantID       string `gorm:"column:tenant_id"`
	UserID         string `gorm:"column:user_id"`
	LoginSessionID string `gorm:"column:login_session_id"`
	LoginEpoch     int    `gorm:"column:login_epoch"`
	Origin         string `gorm:"column:origin"`
	AuthTime       stamp  `gorm:"column:auth_time"`
	CredentialEnds stamp  `gorm:"column:credential_ends_at"`
	Expires        stamp  `gorm:"column:expires_at"`
}

func (ticketRow) TableName() string { return "tickets" }

func (r ticketRow) ticket() session.Ticket {
	return session.Ticket{
		Hash: r.Hash, SessionID: r.SessionID, Epoch: r.Epoch, TenantID: r.TenantID, UserID: r.UserID, LoginSessionID: r.LoginSessionID,
		LoginEpoch: r.LoginEpoch, Origin: r.Origin, AuthTime: r.AuthTime.Time,
		CredentialEndsAt: r.CredentialEnds.Time, ExpiresAt: r.Expires.Time,
	}
}

func (s tickets) Insert(ctx context.Context, t session.Ticket) error {
	return s.t.insert(ctx, &ticketRow{
		Hash: t.Hash, SessionID: t.SessionID, Epoch: t.Epoch, TenantID: t.TenantID, UserID: t.UserID, LoginSessionID: t.LoginSessionID,
		LoginEpoch: t.LoginEpoch, Origin: t.Origin, AuthTime: at(t.AuthTime),
		CredentialEnds: at(t.CredentialEndsAt), Expires: at(t.ExpiresAt),
	})
}

// Take deletes and returns in one statement: of many takers one gets the ticket.
func (s tickets) Take(ctx context.Context, hash []byte) (session.Ticket, error) {
	row, err := one[ticketRow](ctx, s.t, "DELETE FROM tickets WHERE hash = ? AND expires_at > ? RETURNING "+columns[ticketRow](), hash, s.t.now())
	return restore(row, err, ticketRow.ticket)
}

func (s tickets) DeleteBySession(ctx context.Context, sessionID string) error {
	_, err := s.t.exec(ctx, "DELETE FROM tickets WHERE session_id = ?", sessionID)
	return err
}

func (s tickets) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	return s.t.exec(ctx, "DELETE FROM tickets WHERE expires_at <= ?", at(now))
}
