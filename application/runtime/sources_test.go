package runtime_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Work whose source was deleted meanwhile: working material is not stored, a record of fact knows, an outcome stands by itself.
func TestWhatSourcesLeaveBehind(t *testing.T) {
	for class, state := range map[artifact.DataClass]artifact.State{
		artifact.WorkingMaterial: artifact.Ready, artifact.RecordOfFact: artifact.Ready, artifact.Outcome: artifact.Draft,
	} {
		for _, parent := range []string{"art_gone", "art_there"} {
			w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
				made := func(id string, parents ...string) ports.ResultArtifact {
					return ports.ResultArtifact{Key: id, Artifact: artifact.Snapshot{ID: id, Type: "x", DataClass: class, State: state, Parents: parents}}
				}
				return ports.IntentResult{Artifacts: []ports.ResultArtifact{made("art_1", parent), made("art_2", "art_1")}}, nil
			}))
			require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
				for id, state := range map[string]artifact.State{"art_there": artifact.Ready, "art_gone": artifact.Deleted} {
					a := artifact.Restore(artifact.Snapshot{ID: id, TenantID: "ten_a", OwnerID: ada().UserID, Type: "x", DataClass: artifact.WorkingMaterial, State: state})
					if err := tx.Artifacts.Insert(ctx, a); err != nil {
						return err
					}
				}
				return nil
			}))
			id := w.submit(submission("act"))
			w.work()
			refused := class == artifact.WorkingMaterial && parent == "art_gone"
			require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
				for _, made := range []string{"art_1", "art_2"} {
					a, err := tx.Artifacts.ByID(ctx, ada().Scope(), made)
					if refused {
						require.ErrorIs(t, err, fault.ErrNotFound)
						continue
					}
					require.NoError(t, err)
					told := class == artifact.RecordOfFact && parent == "art_gone" && made == "art_1"
					require.Equal(t, told, !a.Snapshot().SourceExpiredAt.IsZero(), "%s of %s", class, parent)
				}
				return nil
			}))
			if refused {
				require.Equal(t, []string{"failed", "not_found"}, []string{w.get(id).State.Wire(), w.get(id).ErrorCode})
			} else {
				require.Equal(t, execution.Completed, w.get(id).State)
			}
		}
	}
}
