package securityguard

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/session"
)

func cachedSession(id string) standing {
	return standing{session: session.Restore(session.Snapshot{ID: id})}
}

// An answer that was asked for before a forget, or before a newer answer, never counts, whatever came between.
func TestASlowAnswerReplacesNoNewerOne(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	c := newCache()
	slow := c.asking()
	c.forget("ses_a", now)
	_, asked, ok := c.get("ses_a", now)
	require.False(t, ok)
	c.put("ses_a", cachedSession("new"), now, asked)
	c.put("ses_a", cachedSession("old"), now, slow)
	st, _, ok := c.get("ses_a", now)
	require.True(t, ok)
	require.Equal(t, "new", st.session.ID())
}

// A full cache gives up what is old and keeps what is good; answers that were asked for before that do not come back.
func TestAFullCacheKeepsWhatIsGood(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	c := newCache()
	for i := range cacheSize - 1 {
		c.forget(time.Duration(i).String(), now)
	}
	slow := c.asking()
	c.put("ses_a", cachedSession("good"), now, slow)
	c.forget("ses_b", now)
	require.Len(t, c.entries, 2)
	st, _, ok := c.get("ses_a", now)
	require.True(t, ok)
	require.Equal(t, "good", st.session.ID())
	c.forget("ses_c", now)
	c.put("ses_c", cachedSession("old"), now, slow)
	_, _, ok = c.get("ses_c", now)
	require.False(t, ok)
}
