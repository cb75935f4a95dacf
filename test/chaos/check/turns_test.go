package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/chaos/check"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	one, two := check.Turn{Chat: "a", Number: 1, Began: "10", Ended: "11"}, check.Turn{Chat: "a", Number: 2, Began: "11", Ended: "12"}
	other := check.Turn{Chat: "b", Number: 1, Began: "10", Ended: "15"}
	good := check.Turns([]check.Turn{one, other, two})
	require.Zero(t, good.Total())
	require.Equal(t, 3, good.Checked)

	early := two
	early.Began, early.Ended = "08", "09"
	require.Equal(t, 1, check.Turns([]check.Turn{early, one}).Count("order"))
	beside := two
	beside.Began = "10"
	require.Equal(t, 1, check.Turns([]check.Turn{one, beside}).Count("overlap"))
	open := two
	open.Ended = ""
	require.Equal(t, 1, check.Turns([]check.Turn{one, open}).Count("untaken"))
}
