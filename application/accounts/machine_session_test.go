package accounts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/test/sheet"
)

// F5: whatever is done to a session, in whatever order: its epoch only rises, one owner has it for ever, its secret proves nothing once it is
// upgraded, it never comes back from its end, and it is over when its times say so.
func TestMachineOfASession(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_800_000_000, 0)
		born, seen := now, now
		secret := []byte("0123456789abcdef0123456789abcdef")
		s := session.NewAnonymous("ses_1", secret, nil, nil, now)
		owner, ended := "", false
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Hour)).Draw(t, "wait")))
			},
			"use": func(*rapid.T) {
				if s.Touch(now) {
					seen = now
				}
			},
			"upgrade": func(t *rapid.T) {
				user := rapid.SampledFrom([]string{"", "usr_a", "usr_b"}).Draw(t, "user")
				before := s.Epoch()
				if s.Upgrade(user, "ten_"+user, now) != nil {
					require.True(t, user == "" || owner != "" || ended)
					require.Equal(t, before, s.Epoch(), "a refusal changes nothing")
					return
				}
				require.True(t, owner == "" && !ended && user != "")
				owner, seen = user, now
			},
			"end": func(*rapid.T) {
				s.End(now)
				ended = true
			},
			"": func(t *rapid.T) {
				epoch := 1
				if owner != "" {
					epoch++
				}
				if ended {
					epoch++
				}
				require.Equal(t, epoch, s.Epoch())
				require.Equal(t, owner == "", s.ProvedBy(secret))
				require.False(t, s.ProvedBy(nil))
				require.Equal(t, owner != "", s.OwnedBy("ten_"+owner, owner))
				require.False(t, s.OwnedBy("ten_"+owner, "usr_z"))
				switch status := s.Status(now); {
				case ended:
					require.Equal(t, session.Ended, status)
				case owner == "" && (now.Sub(born) >= session.AnonymousLife || now.Sub(seen) >= session.AnonymousIdle),
					owner != "" && now.Sub(seen) >= session.ActiveIdle:
					require.Equal(t, session.Expired, status)
				case owner == "":
					require.Equal(t, session.Anonymous, status)
				}
				require.False(t, owner != "" && s.Snapshot().ExpiresAt.After(seen.Add(session.ActiveIdle)))
			},
		})
	})
	sheet.RecordMachine(t, "F5", 10_000, "sessions")
}
