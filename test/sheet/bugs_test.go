package sheet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

func TestABugIsCaughtOnlyByAFailureOfItsTest(t *testing.T) {
	line := func(action, test, output string) string {
		return `{"Action":"` + action + `","Test":"` + test + `","Output":"` + output + "\"}\n"
	}
	b := sheet.Bug{ID: "B0", Test: "TestX"}
	good, bad := []byte(line("pass", "TestX", "")), []byte(line("output", "TestX/one", "   Error:   Should be empty")+line("fail", "TestX", ""))
	finding, err := b.Caught(good, bad)
	require.NoError(t, err)
	require.Equal(t, "Should be empty", finding)
	for name, c := range map[string][2][]byte{
		"unseen": {good, good}, "not compiled": {good, []byte("{\"Action\":\"build-fail\"}\n")}, "broken before": {bad, bad}, "no test": {nil, bad},
		"another test": {good, []byte(line("fail", "TestXY", ""))},
	} {
		_, err := b.Caught(c[0], c[1])
		require.Error(t, err, name)
	}
	rows := map[string]bool{}
	for _, r := range sheet.Rows() {
		rows[r.ID] = true
	}
	for _, b := range sheet.Bugs() {
		require.True(t, rows[b.Row], b.ID)
	}
	require.NotEmpty(t, sheet.Bugs())
}
