package content_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// U13: a file is saved, purged and read at the same moment. There is one outcome, whoever is first: the file is gone with its bytes, its
// contract and its room, nothing that was prepared for it is left open, and a reader saw all of it or nothing.
func TestPromoteDiscardAndReadAtOnce(t *testing.T) {
	const rounds = 500
	sheet.Record(t, "U13", rounds, "one outcome", "as the row says")
	k := newKit(t)
	p := k.User(t)
	saved, seen := 0, 0
	for range rounds {
		f := k.ingest(t, p, "a.csv", smallCSV)
		work := map[string]params{
			"save_materialization": {"file_id": f.id, "boundary_contract_id": f.contract},
			"purge_file":           {"file_id": f.id, "confirm": true},
			"retrieve_file":        {"file_id": f.id, "include_contents": true},
		}
		var all sync.WaitGroup
		errs, results := map[string]*error{}, map[string]*ports.IntentResult{}
		start := make(chan struct{})
		for intentType, in := range work {
			entry, ex := k.accepted(t, p, intentType, in)
			c := k.claim(t, ex.ID(), "worker", nil)
			var err error
			var result ports.IntentResult
			errs[intentType], results[intentType] = &err, &result
			all.Go(func() {
				<-start
				for { // as the engine does when somebody else was faster
					if result, err = entry.Handler(t.Context(), c); !errors.Is(err, fault.ErrStale) {
						return
					}
				}
			})
		}
		close(start)
		all.Wait()
		require.NoError(t, *errs["purge_file"])
		if err := *errs["save_materialization"]; err == nil {
			saved++
		} else {
			require.Contains(t, []string{"not_found", "contract_not_active"}, fault.As(err).Code)
		}
		if err := *errs["retrieve_file"]; err == nil {
			require.Contains(t, string(results["retrieve_file"].Artifacts[0].Artifact.Payload), "Ada,10.50", "whole")
			seen++
		} else {
			require.Contains(t, []string{"not_found", "file_not_saved", "contract_not_active"}, fault.As(err).Code)
		}
		require.Equal(t, artifact.ContractRevoked, k.contract(t, p, f.contract).Status)
		require.Zero(t, k.open(t, p, f.id))
		k.refused(t, p, "not_found", "get_file_by_id", params{"file_id": f.id})
	}
	require.Empty(t, k.Blobs.Keys())
	require.Zero(t, k.used(t, p))
	t.Logf("U13: one outcome in %d of %d; saved before %d, read before %d", rounds, rounds, saved, seen)
}

// open counts what is still prepared for a file.
func (k *kit) open(t *testing.T, p identity.Principal, fileID string) (n int) {
	t.Helper()
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		f := ports.PendingFilter{TargetArtifactID: fileID, Status: []intent.PendingStatus{intent.PendingOpen, intent.PendingInProgress}}
		list, _, err := tx.Pending.List(ctx, p.Scope(), f, ports.Window{Limit: 10})
		n = len(list)
		return err
	}))
	return n
}

// A file that is purged while it is parsed leaves no document behind, at whichever of the parser's operations on blobs the purge comes in.
func TestParsingOfAPurgedFileLeavesNothing(t *testing.T) {
	for before := 0; ; before++ {
		k := newKit(t)
		p := k.User(t)
		f := k.saved(t, p, "a.csv", smallCSV)
		entry, ex := k.accepted(t, p, "parse_content", params{"file_id": f.id})
		n := 0
		k.Blobs.Fail = func(string, string) error {
			if n++; n-1 == before {
				k.Blobs.Fail = nil
				k.Must(t, p, "purge_file", params{"file_id": f.id, "confirm": true})
			}
			return nil
		}
		_, err := entry.Handler(t.Context(), k.claim(t, ex.ID(), "worker", nil))
		k.Blobs.Fail = nil
		if n <= before {
			require.NoError(t, err, "the parser has no more operations")
			require.Greater(t, before, 2)
			return
		}
		require.Equal(t, "not_found", fault.As(err).Code, "before operation %d: %v", before, err)
		require.Empty(t, k.Blobs.Keys(), "before operation %d", before)
		require.Zero(t, k.open(t, p, f.id))
	}
}
