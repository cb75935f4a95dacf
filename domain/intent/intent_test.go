package intent_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/intent"
)

func TestPendingMatrix(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all := []intent.PendingStatus{
		intent.PendingOpen, intent.PendingInProgress, intent.PendingCompleted, intent.PendingFailed, intent.PendingCancelled,
	}
	matrix := map[intent.PendingStatus][]intent.PendingStatus{
		intent.PendingOpen:       {intent.PendingInProgress, intent.PendingCancelled},
		intent.PendingInProgress: {intent.PendingCompleted, intent.PendingFailed},
		intent.PendingFailed:     {intent.PendingOpen},
	}
	for _, from := range all {
		for _, to := range all {
			p := intent.Pending{Status: from}
			err := p.Move(to, now)
			switch {
			case from == to:
				require.NoError(t, err)
				require.Zero(t, p.UpdatedAt, "the same status again changes nothing")
			case slices.Contains(matrix[from], to):
				require.NoError(t, err, "%s → %s", from, to)
				require.Equal(t, to, p.Status)
				require.Equal(t, now, p.UpdatedAt)
			default:
				require.ErrorIs(t, err, intent.ErrInvalidTransition, "%s → %s", from, to)
				require.Equal(t, from, p.Status)
			}
		}
	}
}
