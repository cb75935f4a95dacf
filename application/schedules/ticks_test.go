package schedules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/schedules"
	"github.com/symphainy/symphainy/domain/schedule"
)

func ticksOf(t *testing.T, expression, zone string, from time.Time, n int) []string {
	t.Helper()
	following, err := schedules.Following(schedule.Order{Expression: expression, Zone: zone})
	require.NoError(t, err)
	var list []string
	for range n {
		from = following(from)
		require.Equal(t, time.UTC, from.Location())
		list = append(list, from.Format("01-02T15:04:05"))
	}
	return list
}

func TestTicksFollowTheExpressionInItsZone(t *testing.T) {
	from := time.Date(2026, 3, 27, 12, 0, 0, 500, time.UTC)
	require.Equal(t, []string{"03-27T12:00:01", "03-27T12:00:02"}, ticksOf(t, "* * * * * *", "", from, 2))
	require.Equal(t, []string{"03-27T12:15:00", "03-27T12:30:00"}, ticksOf(t, "*/15 * * * *", "UTC", from, 2))
	require.Equal(t, []string{"03-28T00:00:00"}, ticksOf(t, "@daily", "UTC", from, 1))
	// Clocks go forward in the night to the 29th: nine o'clock stays nine, and half past two is left out.
	require.Equal(t, []string{"03-28T08:00:00", "03-29T07:00:00", "03-30T07:00:00"}, ticksOf(t, "0 9 * * *", "Europe/Berlin", from, 3))
	require.Equal(t, []string{"03-28T01:30:00", "03-30T00:30:00"}, ticksOf(t, "30 2 * * *", "Europe/Berlin", from, 2))
	// They go back in the night to 25 October, and half past two comes twice: it ticks twice.
	autumn := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	require.Equal(t, []string{"10-25T00:30:00", "10-25T01:30:00"}, ticksOf(t, "30 2 * * *", "Europe/Berlin", autumn, 2))
	once, err := schedules.Following(schedule.Order{At: from})
	require.NoError(t, err)
	require.Equal(t, from, once(from.Add(-time.Hour)))
	require.True(t, once(from).IsZero())
	never, err := schedules.Following(schedule.Order{Expression: "0 0 30 2 *"})
	require.NoError(t, err)
	require.True(t, never(from).IsZero())
}

func TestExpressionsThatAreRefused(t *testing.T) {
	for _, o := range []schedule.Order{
		{Expression: "* * *"}, {Expression: "61 * * * *"}, {Expression: "@every 1s"}, {Expression: "TZ=UTC * * * * *"}, {Expression: "TZ="}, {Expression: " "},
		{Expression: "* * * * *", Zone: "Mars/Olympus"}, {Expression: "* * * * *", Zone: "Local"}, {Expression: "* * * * *", Zone: "../../etc/passwd"},
	} {
		_, err := schedules.Following(o)
		require.ErrorIs(t, err, schedule.ErrOrder, "%+v", o)
	}
}

func FuzzFollowing(f *testing.F) {
	for _, seed := range []string{"* * * * *", "@daily", "1-5/2 * * * MON", "TZ=", "0 0 30 2 *", "*/0 * * * *"} {
		f.Add(seed)
	}
	from := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expression string) {
		following, err := schedules.Following(schedule.Order{Expression: expression, At: from.Add(time.Hour)})
		if err != nil {
			return
		}
		if next := following(from); !next.IsZero() && !next.After(from) {
			t.Fatalf("%q ticks at %s after %s", expression, next, from)
		}
	})
}
