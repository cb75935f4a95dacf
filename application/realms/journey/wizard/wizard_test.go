package wizard_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/application/realms/journey/wizard"
)

func tell(t *testing.T, s *wizard.State, messages ...string) wizard.Answer {
	t.Helper()
	var a wizard.Answer
	for _, m := range messages {
		var err error
		a, err = s.Apply(m)
		require.NoError(t, err, m)
	}
	return a
}

func TestAConversation(t *testing.T) {
	s := wizard.Start("")
	require.Equal(t, wizard.Title, s.Stage)
	_, err := s.Apply("done")
	require.ErrorIs(t, err, wizard.ErrUnfinished)
	require.Equal(t, wizard.Active, s.Status)
	require.True(t, tell(t, &s, "Returns").Updated)
	tell(t, &s, "Take parcels back", "skip")
	require.Equal(t, wizard.Steps, s.Stage)
	a := tell(t, &s, "1. Clerk: Open the parcel\n2) Is it damaged? If yes, go to step 4\n- Refund\n\n4. Ask the lead")
	require.True(t, a.Updated)
	require.Contains(t, a.Text, "4 steps are noted, 4 in all")
	require.Equal(t, "Clerk", s.Draft.Steps[0].Actor)
	tell(t, &s, "next", "Clerk: opens parcels\n- Lead", "next", "* The parcel", "next")
	require.Equal(t, wizard.Complete, s.Stage)
	require.Equal(t, []process.Role{{Name: "Clerk", Responsibility: "opens parcels"}, {Name: "Lead"}}, s.Draft.Roles)
	require.Equal(t, []string{"The parcel"}, s.Draft.Prerequisites)

	require.Contains(t, tell(t, &s, "insert after 2: Weigh it").Text, `Step 3 is "Weigh it"`)
	require.Equal(t, 5, s.Draft.Steps[1].Branches[0].To, "the branch follows its step")
	tell(t, &s, "delete step 1")
	require.Equal(t, 4, s.Draft.Steps[0].Branches[0].To)
	tell(t, &s, "Edit step 2: Lead: Weigh it twice.")
	require.Equal(t, process.Step{Name: "Weigh it twice", Actor: "Lead"}, s.Draft.Steps[1])
	require.False(t, tell(t, &s, "delete 9").Updated)
	require.Contains(t, tell(t, &s, "show").Text, "2. Lead: Weigh it twice")
	require.Contains(t, tell(t, &s, "what now?").Text, "did not understand")
	require.Equal(t, wizard.Prerequisites, func() wizard.Stage { tell(t, &s, "back"); return s.Stage }())
	require.True(t, tell(t, &s, "Done.").Done)
	p, lost, err := s.Finish()
	require.NoError(t, err)
	require.Empty(t, lost)
	require.Len(t, p.Steps[0].Branches, 2, "the other way of the decision")
	require.Len(t, s.Draft.Steps[0].Branches, 1, "the draft stays as it was told")
	tell(t, &s, "cancel")
	_, err = s.Apply("show")
	require.ErrorIs(t, err, wizard.ErrOver)
}

func TestRequirementsAreRead(t *testing.T) {
	s := wizard.Start("How we take\nparcels back\n1. Open\n2. Refund")
	require.Equal(t, "How we take parcels back", s.Draft.Purpose)
	require.Len(t, s.Draft.Steps, 2)
	require.Equal(t, wizard.Purpose, func() wizard.Stage { r := wizard.Resume(&process.Procedure{Title: "x"}); return r.Stage }())
}

// Whatever is said, the conversation stays in order: targets are steps that were named, and the state survives storing.
func TestAnythingCanBeSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := wizard.Start(rapid.String().Draw(t, "start"))
		for range rapid.IntRange(0, 12).Draw(t, "messages") {
			m := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
				"back", "next", "show", "Title", "1. If a, go to step 2\n2. b", "delete step 1", "insert after 0: If x, go to step 1", "edit 1: y", "delete 2",
			})).Draw(t, "message")
			if _, err := s.Apply(m); err != nil {
				require.ErrorIs(t, err, wizard.ErrUnfinished)
			}
			for _, x := range s.Draft.Steps {
				for _, b := range x.Branches {
					require.GreaterOrEqual(t, b.To, 0)
				}
			}
			raw, err := json.Marshal(s)
			require.NoError(t, err)
			var again wizard.State
			require.NoError(t, json.Unmarshal(raw, &again))
			second, err := json.Marshal(again)
			require.NoError(t, err)
			require.Equal(t, string(raw), string(second))
		}
		if p, _, err := s.Finish(); err == nil {
			for _, x := range p.Steps {
				for _, b := range x.Branches {
					require.LessOrEqual(t, b.To, len(p.Steps))
				}
			}
		}
	})
}
