package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// T13, the oracle of time: what a foreign id costs is what an unknown one costs, call by call of the store. Time itself is not looked at: it
// tells more of the machine than of the platform.
func TestForeignIDsTakeTheWorkOfUnknownOnes(t *testing.T) {
	w := newWorld(t)
	w.register("operator")
	v, eve := w.victim("victim"), w.register("eve")
	a := actor{name: "foreign admin", token: eve.token}
	compared, paths := 0, documented(t, w)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		theirs, unknown, _ := v.object(path)
		if theirs == unknown && bodyFor(path, v.session, v.artifact, v.execution) == bodyFor(path, unknownSession, unknownFile, unknownExecution) {
			continue // names nobody's object
		}
		for _, method := range paths[path] {
			if strings.HasSuffix(path, "/stream") || method == http.MethodGet && strings.HasSuffix(path, "{file}") {
				continue
			}
			at := func(id, member string) string {
				return pathParameter.ReplaceAllString(strings.ReplaceAll(path, "{user_id}", member), id)
			}
			foreign := w.workOf(a, method, at(theirs, v.id), bodyFor(path, v.session, v.artifact, v.execution))
			other := w.workOf(a, method, at(unknown, unknownUser), bodyFor(path, unknownSession, unknownFile, unknownExecution))
			theirWork, unknownWork := [][]string{foreign}, [][]string{other}
			for range 20 { // what runs by itself may have added to one of them, or an equal request may still be under way
				if common(theirWork, unknownWork) {
					break
				}
				theirWork = append(theirWork, w.workOf(a, method, at(theirs, v.id), bodyFor(path, v.session, v.artifact, v.execution)))
				unknownWork = append(unknownWork, w.workOf(a, method, at(unknown, unknownUser), bodyFor(path, unknownSession, unknownFile, unknownExecution)))
			}
			require.True(t, common(theirWork, unknownWork), "%s %s: %v and %v", method, path, theirWork, unknownWork)
			compared++
		}
	}
	require.Greater(t, compared, 30)
	sheet.Record(t, "T13", compared, fmt.Sprintf("routes on which a foreign id takes other calls of the store than an unknown one 0 of %d", compared), "none, 12/12 oracles")
}

const (
	unknownUser      = "usr_01jd8h0000exampe0000000000"
	unknownFile      = "fil_01jd8h0000exampe0000000000"
	unknownExecution = "exe_01jd8h0000exampe0000000000"
)

// common reports whether a course of events was seen on both sides.
func common(a, b [][]string) bool {
	return slices.ContainsFunc(a, func(one []string) bool {
		return slices.ContainsFunc(b, func(other []string) bool { return slices.Equal(one, other) })
	})
}

// workOf gives the calls of the store that a request leads to.
func (w *world) workOf(a actor, method, path, body string) []string {
	w.clock.Advance(1100 * time.Millisecond) // nothing is remembered from the request before
	before := len(w.calls.Calls())
	w.plainly(a, method, path, body)
	return w.calls.Calls()[before:]
}
