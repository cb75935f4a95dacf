package sheet_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

func TestTheSheetHas157Rows(t *testing.T) {
	tiers := map[string]int{}
	for _, r := range sheet.Rows() {
		tiers[r.Tier]++
		require.NotEmpty(t, r.What, r.ID)
	}
	require.Equal(t, map[string]int{"c": 120, "n": 30, "r": 7}, tiers)
}

func TestWhatNobodyRecordedIsNoPass(t *testing.T) {
	t.Setenv(sheet.EnvDir, t.TempDir())
	dir := t.TempDir()
	t.Run("a test", func(t *testing.T) {
		t.Setenv(sheet.EnvDir, dir)
		sheet.Record(t, "T1", 7, "leaks 0", "0")
	})
	recorded, err := sheet.Read(dir)
	require.NoError(t, err)
	recorded["T2"] = []sheet.Entry{{ID: "T2", Count: 3, Pass: true, Figure: "0", Goal: "0"}, {ID: "T2", Count: 4, Figure: "1", Goal: "0"}}
	state := map[string]sheet.Result{}
	results := sheet.Judge(recorded, "c")
	for _, r := range results {
		state[r.ID] = r
	}
	require.Equal(t, sheet.Pass, state["T1"].State)
	require.Equal(t, 7, state["T1"].Count)
	require.Equal(t, sheet.Fail, state["T2"].State)
	require.Equal(t, 7, state["T2"].Count)
	require.Equal(t, sheet.None, state["T3"].State)
	require.Equal(t, sheet.NotHere, state["R12"].State)
	require.Equal(t, sheet.Other, state["R1"].State)
	var out bytes.Buffer
	require.NoError(t, sheet.Print(&out, results))
	require.Contains(t, out.String(), "157 rows: 1 pass, 1 fail")
}
