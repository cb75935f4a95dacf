package artifacts_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func TestTheOwnerChangesStateAndScope(t *testing.T) {
	w := newWorld(t)
	keeper := artifacts.NewKeeper(w.Store, w.Clock, w.IDs)
	w.insert(t, w.owner, artifact.Snapshot{ID: "road", Type: "roadmap", DataClass: artifact.Outcome, State: artifact.Draft})
	w.insert(t, w.owner, artifact.Snapshot{ID: "fil_1", Type: "file"})
	w.insert(t, w.owner, artifact.Snapshot{ID: "par_1", Type: "parsed_content"})
	w.insert(t, w.owner, artifact.Snapshot{ID: "wait", Type: "parsed_content", DataClass: artifact.WorkingMaterial, State: artifact.Pending})
	apply := func(p identity.Principal, id string, c artifacts.Change) (artifact.Snapshot, error) {
		return keeper.Apply(t.Context(), p, id, c)
	}
	got, err := apply(w.owner, "road", artifacts.Change{State: artifact.Accepted, Reason: "agreed", Sharing: artifact.TenantShared})
	require.NoError(t, err)
	require.Equal(t, artifact.Accepted, got.State)
	require.Equal(t, []artifact.Transition{{From: artifact.Draft, To: artifact.Accepted, At: w.Clock.Now(), By: w.owner.UserID, Reason: "agreed"}}, got.Transitions)
	again, err := apply(w.owner, "road", artifacts.Change{State: artifact.Accepted, Sharing: artifact.TenantShared})
	require.NoError(t, err)
	require.Len(t, again.Transitions, 1, "the same again is a silent success")

	colleague := w.stranger
	colleague.TenantID = w.owner.TenantID
	for name, c := range map[string]struct {
		who  identity.Principal
		id   string
		do   artifacts.Change
		want error
	}{
		"back":               {w.owner, "road", artifacts.Change{State: artifact.Ready}, artifact.ErrInvalidTransition},
		"deleted":            {w.owner, "road", artifacts.Change{State: artifact.Deleted}, artifact.ErrInvalidTransition},
		"a file":             {w.owner, "fil_1", artifacts.Change{State: artifact.Archived}, artifact.ErrInvalidTransition},
		"what is pending":    {w.owner, "wait", artifacts.Change{State: artifact.Ready}, artifact.ErrInvalidTransition},
		"material accepted":  {w.owner, "par_1", artifacts.Change{State: artifact.Accepted}, artifact.ErrInvalidTransition},
		"a foreign one":      {w.stranger, "road", artifacts.Change{State: artifact.Obsolete}, fault.ErrNotFound},
		"an unknown one":     {w.owner, "none", artifacts.Change{State: artifact.Obsolete}, fault.ErrNotFound},
		"a colleague's":      {colleague, "road", artifacts.Change{State: artifact.Obsolete}, fault.ErrPermission},
		"not shared with me": {colleague, "par_1", artifacts.Change{Sharing: artifact.TenantShared}, fault.ErrNotFound},
	} {
		_, err := apply(c.who, c.id, c.do)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err = apply(w.owner, "par_1", artifacts.Change{State: artifact.Archived})
	require.NoError(t, err)
	_, err = apply(w.owner, "par_1", artifacts.Change{State: artifact.Ready, Sharing: "world"})
	require.Equal(t, "invalid_parameters", fault.As(err).Code)
	service := artifacts.New(w.Store, w.Blobs, w.Clock)
	after, err := service.Get(t.Context(), w.owner.Scope(), "par_1")
	require.NoError(t, err)
	require.Equal(t, artifact.Archived, after.State, "all of a change happens, or nothing")
	require.NoError(t, w.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		records, err := tx.Audit.List(ctx, w.owner.TenantID, ports.Page{Limit: 10})
		require.Len(t, records, 2)
		return err
	}))
}

func TestAVisitorKeepsTheirWorkToThemselves(t *testing.T) {
	w := newWorld(t)
	visitor := w.Visitor(t)
	keeper := artifacts.NewKeeper(w.Store, w.Clock, w.IDs)
	w.insert(t, visitor, artifact.Snapshot{ID: "road", Type: "roadmap", DataClass: artifact.Outcome, State: artifact.Draft})
	_, err := keeper.Apply(t.Context(), visitor, "road", artifacts.Change{Sharing: artifact.TenantShared})
	require.ErrorIs(t, err, fault.ErrPermission)
}
