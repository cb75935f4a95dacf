package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func anonymous() session.Session {
	return session.NewAnonymous("ses_1", []byte("hash"), []byte("ip"), []byte(`{}`), now)
}

func TestUpgradeHappensOnceAndKillsTheSecret(t *testing.T) {
	s := anonymous()
	require.Equal(t, "ses_1", s.IsolationID())
	require.True(t, s.ProvedBy([]byte("hash")))
	require.NoError(t, s.Upgrade("usr_1", "ten_1", now))
	require.Equal(t, "ses_1", s.ID(), "the id stays")
	require.Equal(t, 2, s.Epoch())
	require.Equal(t, "ten_1", s.IsolationID())
	require.False(t, s.ProvedBy([]byte("hash")), "the secret is dead")
	require.False(t, s.ProvedBy(nil))
	require.True(t, s.OwnedBy("ten_1", "usr_1"))
	require.False(t, s.OwnedBy("ten_2", "usr_1"))
	require.ErrorIs(t, s.Upgrade("usr_2", "ten_2", now), fault.ErrNotFound)
	require.True(t, s.OwnedBy("ten_1", "usr_1"))
}

func TestUpgradeNeedsAnOwner(t *testing.T) {
	for _, who := range [][2]string{{"", "ten_1"}, {"usr_1", ""}, {"", ""}} {
		s := anonymous()
		require.Error(t, s.Upgrade(who[0], who[1], now))
		require.Equal(t, session.Anonymous, s.Snapshot().State)
	}
	ended := anonymous()
	ended.End(now)
	require.Error(t, ended.Upgrade("usr_1", "ten_1", now))
}

func TestNobodyOwnsAnAnonymousSession(t *testing.T) {
	require.False(t, anonymous().OwnedBy("", ""))
}

func TestStatusFollowsTheClock(t *testing.T) {
	s := anonymous()
	require.Equal(t, session.Anonymous, s.Status(now.Add(session.AnonymousIdle-time.Second)))
	require.Equal(t, session.Expired, s.Status(now.Add(session.AnonymousIdle)))
	for at := now; at.Before(now.Add(session.AnonymousLife)); at = at.Add(time.Hour) {
		s.Touch(at)
	}
	require.Equal(t, session.Expired, s.Status(now.Add(session.AnonymousLife)), "use does not extend the absolute life")

	active := session.NewActive("ses_2", "usr_1", "ten_1", nil, now)
	require.Equal(t, session.Active, active.Status(now.Add(session.ActiveIdle-time.Second)))
	require.True(t, active.Touch(now.Add(session.ActiveIdle-time.Second)))
	require.Equal(t, session.Active, active.Status(now.Add(session.ActiveIdle+time.Second)))
	active.End(now)
	require.Equal(t, session.Ended, active.Status(now))
	epoch := active.Epoch()
	active.End(now)
	require.Equal(t, epoch, active.Epoch(), "ending twice changes nothing")
}

func TestTouchIsWorthStoringOnceAMinute(t *testing.T) {
	s := anonymous()
	require.False(t, s.Touch(now.Add(59*time.Second)))
	require.True(t, s.Touch(now.Add(time.Minute)))
}

func TestRefreshRotation(t *testing.T) {
	l := session.NewLogin("ses_1", "usr_1", "ten_1", []byte("key"), nil, now)
	l = l.Advanced(now.Add(time.Minute)).Advanced(now.Add(2 * time.Minute)) // the current counter is 3
	at := now.Add(2 * time.Minute)
	cases := []struct {
		name    string
		counter int
		at      time.Time
		want    session.Rotation
		err     error
	}{
		{"current", 3, at, session.Advance, nil},
		{"one behind, at once", 2, at, session.Repeat, nil},
		{"one behind, end of grace", 2, at.Add(session.RefreshGrace), session.Repeat, nil},
		{"one behind, after grace", 2, at.Add(session.RefreshGrace + 1), session.Reuse, nil},
		{"two behind", 1, at, session.Reuse, nil},
		{"future", 4, at, 0, session.ErrRefreshInvalid},
		{"zero", 0, at, 0, session.ErrRefreshInvalid},
		{"idle", 3, at.Add(session.ActiveIdle), 0, session.ErrRefreshInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := l.Present(c.counter, c.at)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestRefreshNeverOutlivesTheAbsoluteLife(t *testing.T) {
	l := session.NewLogin("ses_1", "usr_1", "ten_1", nil, nil, now)
	for at := now; at.Before(now.Add(session.ActiveLife)); at = at.Add(20 * 24 * time.Hour) {
		l = l.Advanced(at)
	}
	_, err := l.Present(l.Counter, now.Add(session.ActiveLife))
	require.ErrorIs(t, err, session.ErrRefreshInvalid)
}
