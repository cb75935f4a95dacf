package content_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

func TestSweepEndsWhatIsDue(t *testing.T) {
	k := newKit(t)
	visitor, user := k.Visitor(t), k.User(t)
	short := k.save(t, user, k.ingest(t, user, "short.csv", smallCSV), params{"ttl_days": 1})
	parsed := k.parse(t, user, short)
	assessed := k.Must(t, user, "assess_data_quality", params{"parsed_file_id": parsed}).Value("quality_assessment_id")
	prepared := k.save(t, user, k.ingest(t, user, "prepared.csv", smallCSV), params{"ttl_days": 1})
	long := k.saved(t, user, "long.csv", smallCSV)
	longParsed := k.parse(t, user, long)
	never := k.ingest(t, visitor, "never.csv", smallCSV)
	uploads := content.NewUploads(k.Store, k.Blobs, k.IDs, content.Limits{})
	abandoned, _, err := uploads.Stage(t.Context(), visitor, newReader(smallCSV))
	require.NoError(t, err)

	report, err := k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, content.SweepReport{}, report, "nothing is due yet")

	k.Clock.Advance(24*time.Hour + time.Second)
	fresh, _, err := uploads.Stage(t.Context(), visitor, newReader(smallCSV))
	require.NoError(t, err)
	report, err = k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, content.SweepReport{ExpiredContractsFound: 3, ContractsUpdated: 3, MaterialsPurged: 4, OrphansRemoved: 1}, report)
	require.Equal(t, []string{
		"files/" + visitor.SessionID + "/" + fresh, "files/" + user.SessionID + "/" + long.id,
		"parsed/" + user.SessionID + "/" + longParsed + "/1/document", "parsed/" + user.SessionID + "/" + longParsed + "/1/rows",
	}, k.Blobs.Keys(), "without %s", abandoned)
	for _, id := range []string{short.id, prepared.id} {
		k.refused(t, user, "not_found", "get_file_by_id", params{"file_id": id})
	}
	k.refused(t, user, "not_found", "get_parsed_file", params{"parsed_file_id": parsed})
	k.refused(t, visitor, "not_found", "get_file_by_id", params{"file_id": never.id})
	require.Equal(t, artifact.ContractExpired, k.contract(t, user, short.contract).Status)
	require.Equal(t, artifact.ContractExpired, k.contract(t, visitor, never.contract).Status)
	require.Equal(t, intent.PendingCancelled, k.pending(t, user, prepared.pending).Status)
	require.Equal(t, artifact.Draft, k.artifact(t, user, assessed).State, "an assessment outlives its source")

	report, err = k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, content.SweepReport{}, report, "a second sweep finds nothing")
}

func TestSweepTellsFactsAndGoesOnAfterFailures(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.save(t, p, k.ingest(t, p, "a.csv", smallCSV), params{"ttl_days": 1})
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		fact, err := artifact.New(artifact.Snapshot{
			ID: "art_fact", TenantID: p.TenantID, OwnerID: p.UserID, SessionID: p.SessionID, Type: "interpretation",
			DataClass: artifact.RecordOfFact, State: artifact.Ready, Parents: []string{f.id},
		})
		if err != nil {
			return err
		}
		return tx.Artifacts.Insert(ctx, fact)
	}))
	k.Clock.Advance(24 * time.Hour)
	k.Blobs.Fail = func(op, _ string) error {
		if op == "delete" {
			return fault.ErrUnavailable
		}
		return nil
	}
	report, err := k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, report.ContractsUpdated)
	require.Equal(t, 1, report.RecordsOfFactUpdated)
	require.NotEmpty(t, report.Errors)
	require.Contains(t, report.Errors[0], f.contract)
	require.Equal(t, k.Clock.Now(), k.artifact(t, p, "art_fact").SourceExpiredAt)
	require.Len(t, k.Blobs.Keys(), 1)

	k.Blobs.Fail = nil
	report, err = k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, content.SweepReport{OrphansRemoved: 1}, report, "what was left is found again")
	require.Empty(t, k.Blobs.Keys())

	k.Blobs.Fail = func(string, string) error { return errors.New("broken") }
	_, err = k.content.Sweep(t.Context())
	require.Error(t, err)
}

func TestStoreFailuresLeaveNothing(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "a.csv", smallCSV)
	before := k.Blobs.Keys()
	for _, op := range []string{"open", "put"} {
		k.Blobs.Fail = func(o, _ string) error {
			if o == op {
				return fault.ErrUnavailable
			}
			return nil
		}
		_, err := k.Submit(t, p, "parse_content", params{"file_id": f.id})
		require.ErrorIs(t, err, fault.ErrUnavailable, op)
		require.Equal(t, before, k.Blobs.Keys())
	}
	k.Blobs.Fail = nil
	require.Equal(t, intent.PendingInProgress, k.pending(t, p, f.pending).Status, "another attempt of the same execution would go on")
	k.parse(t, p, f)
	require.Equal(t, intent.PendingCompleted, k.pending(t, p, f.pending).Status, "what an ended execution left is taken up")
}
