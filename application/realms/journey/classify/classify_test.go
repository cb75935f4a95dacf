package classify_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/journey/classify"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]struct {
		class classify.Class
		word  string
	}{
		"Approve claim": {classify.HumanFocus, "approve"}, "Claim APPROVED": {classify.HumanFocus, "approved"}, "final approval": {classify.HumanFocus, "approval"},
		"deciding": {classify.HumanFocus, "deciding"}, "Two decisions": {classify.HumanFocus, "decisions"}, "Sign the form": {classify.HumanFocus, "sign"},
		"Get signatures": {classify.HumanFocus, "signatures"}, "judged": {classify.HumanFocus, "judged"},
		"Assign a clerk": {classify.Unclassified, ""}, "Designing": {classify.Unclassified, ""},
		"Verify Policy Status": {classify.Hybrid, "verify"}, "is verified": {classify.Hybrid, "verified"}, "Send Confirmation": {classify.Hybrid, "confirmation"},
		"Checks": {classify.Hybrid, "checks"}, "Checklist": {classify.Unclassified, ""},
		"Data Valid?": {classify.FrictionRemoval, "data"}, "Handle Validation Errors": {classify.Unclassified, ""}, "Database": {classify.Unclassified, ""},
		"Analyse": {classify.FrictionRemoval, "analyse"}, "an analysis": {classify.FrictionRemoval, "analysis"}, "Processing": {classify.FrictionRemoval, "processing"},
		"processed, then reviewed": {classify.HumanFocus, "reviewed"}, "Extract and verify data": {classify.Hybrid, "verify"},
		"validate_data": {classify.FrictionRemoval, "validate"}, "": {classify.Unclassified, ""},
	} {
		class, word := classify.Name(name)
		require.Equal(t, want.class, class, name)
		require.Equal(t, want.word, word, name)
	}
}

// A word counts only as a whole: glued to letters it is another one.
func TestOnlyWholeWordsCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"approve", "verify", "extract", "sign", "data"}).Draw(t, "word")
		before := rapid.StringMatching(`[a-z]{1,5}`).Draw(t, "before")
		_, found := classify.Name(before + word + "x")
		require.Empty(t, found)
		_, found = classify.Name("- " + word + "!")
		require.Equal(t, word, found)
	})
}
