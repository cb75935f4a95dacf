package passwords

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cheap has the limits of Defaults at a cost that tests can pay.
func cheap() Config {
	c := Defaults()
	c.MemoryKiB, c.Iterations = 8, 1
	return c
}

func TestDefaultsAreThoseOfTheSpecification(t *testing.T) {
	h, err := New(Defaults())
	require.NoError(t, err)
	encoded, err := h.Hash(t.Context(), "correct horse battery staple")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$"), encoded)
	require.True(t, strings.HasPrefix(h.dummy, "$argon2id$v=19$m=19456,t=2,p=1$"), "an unknown user costs the same")
	ok, err := h.Matches(t.Context(), "correct horse battery staple", encoded)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = h.Matches(t.Context(), "correct horse battery stapl", encoded)
	require.NoError(t, err)
	require.False(t, ok)
}

// bcrypt would cut at 72 bytes and at NUL.
func TestEveryByteOfAPasswordCounts(t *testing.T) {
	h, err := New(cheap())
	require.NoError(t, err)
	for _, pair := range [][2]string{
		{strings.Repeat("a", 72) + "x", strings.Repeat("a", 72) + "y"},
		{strings.Repeat("a", 1023) + "x", strings.Repeat("a", 1023) + "y"},
		{"before\x00after", "before\x00"},
		{"trailing ", "trailing"},
		{"Case", "case"},
	} {
		encoded, err := h.Hash(t.Context(), pair[0])
		require.NoError(t, err)
		for i, want := range []bool{true, false} {
			got, err := h.Matches(t.Context(), pair[i], encoded)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestTheSamePasswordHasDifferentHashes(t *testing.T) {
	h, err := New(cheap())
	require.NoError(t, err)
	a, err := h.Hash(t.Context(), "password")
	require.NoError(t, err)
	b, err := h.Hash(t.Context(), "password")
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

func TestNoHashIsComparedAgainstTheDummyAndNeverMatches(t *testing.T) {
	h, err := New(cheap())
	require.NoError(t, err)
	var compared []string
	h.compare = func(_, encoded string) (bool, error) {
		compared = append(compared, encoded)
		return true, nil
	}
	ok, err := h.Matches(t.Context(), "anything", "")
	require.NoError(t, err)
	require.False(t, ok, "also if the dummy's password was guessed")
	require.Equal(t, []string{h.dummy}, compared)
}

func TestAStoredHashThatIsNoneIsAnError(t *testing.T) {
	h, err := New(cheap())
	require.NoError(t, err)
	for _, broken := range []string{"x", "$2a$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA"} {
		ok, err := h.Matches(t.Context(), "secret", broken)
		require.Error(t, err)
		require.False(t, ok)
	}
}

func TestTwoComputeSixteenWaitTheRestIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := New(cheap())
		require.NoError(t, err)
		var running, most, done atomic.Int32
		gate := make(chan struct{})
		h.hash = func(string, *argon2id.Params) (string, error) {
			most.Store(max(most.Load(), running.Add(1)))
			<-gate
			running.Add(-1)
			return "hash", nil
		}
		for range 18 {
			go func() {
				_, err := h.Hash(t.Context(), "x")
				if err == nil {
					done.Add(1)
				}
			}()
		}
		synctest.Wait()
		require.EqualValues(t, 2, running.Load())
		for range 100 {
			_, err := h.Hash(t.Context(), "x")
			require.ErrorIs(t, err, ports.ErrHashBusy)
			_, err = h.Matches(t.Context(), "x", "y")
			require.ErrorIs(t, err, ports.ErrHashBusy)
		}
		close(gate)
		synctest.Wait()
		require.EqualValues(t, 18, done.Load(), "who waited was served")
		require.EqualValues(t, 2, most.Load())
		_, err = h.Hash(t.Context(), "x")
		require.NoError(t, err, "all places are free again")
	})
	sheet.Record(t, "A9", 218, "2 compute, 16 wait and are served, 200 are busy; memory and others' times: make bench", "2, 16, the rest busy")
}

func TestWaitingEndsWithTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := New(cheap())
		require.NoError(t, err)
		gate := make(chan struct{})
		h.hash = func(string, *argon2id.Params) (string, error) { <-gate; return "hash", nil }
		for range 2 {
			go func() { _, _ = h.Hash(t.Context(), "x") }()
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 16)
		for range 16 {
			go func() {
				_, err := h.Hash(ctx, "x")
				ended <- err
			}()
		}
		synctest.Wait()
		_, err = h.Hash(t.Context(), "x")
		require.ErrorIs(t, err, ports.ErrHashBusy)
		cancel()
		for range 16 {
			require.ErrorIs(t, <-ended, context.Canceled)
		}
		require.Len(t, h.admitted, 2, "their places are free")
		close(gate)
	})
}

func TestAnEndedContextNeverComputes(t *testing.T) {
	h, err := New(cheap())
	require.NoError(t, err)
	h.hash = func(string, *argon2id.Params) (string, error) {
		t.Error("computed for nobody")
		return "", nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 200 {
		_, err := h.Hash(ctx, "x")
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Empty(t, h.admitted)
	require.Empty(t, h.slots)
}

func TestCostsThatArgonCannotPayAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"iterations": func(c *Config) { c.Iterations = 0 },
		"lanes":      func(c *Config) { c.Parallelism = 0 },
		"memory":     func(c *Config) { c.MemoryKiB = 7 },
		"slots":      func(c *Config) { c.Slots = 0 },
		"queue":      func(c *Config) { c.Queue = -1 },
	} {
		c := cheap()
		spoil(&c)
		_, err := New(c)
		require.Error(t, err, name)
	}
}
