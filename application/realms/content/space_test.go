package content_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func (k *kit) used(t *testing.T, p identity.Principal) (used int64) {
	t.Helper()
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		used, err = tx.Space.Used(ctx, p.Scope().TenantID)
		return err
	}))
	return used
}

// A byte counts as long as it is kept: however a file goes, its room comes back.
func TestRoomIsTakenAndGivenBack(t *testing.T) {
	size := int64(len(smallCSV))
	k := newKit(t, content.Config{Limits: content.Limits{TenantSpace: 3 * size, VisitorSpace: size}, Access: content.AccessPolicy{DeniedMediaTypes: []string{"application/pdf"}}})
	p, visitor := k.User(t), k.Visitor(t)
	short := k.save(t, p, k.ingest(t, p, "a.csv", smallCSV), params{"ttl_days": 1})
	kept := k.saved(t, p, "b.csv", smallCSV)
	purged := k.ingest(t, p, "c.csv", smallCSV)
	require.Equal(t, 3*size, k.used(t, p))
	k.refused(t, p, "quota_exceeded", "ingest_file", params{"ui_name": "d.csv", "file_content": inHex("x")})
	bulk := k.Must(t, p, "bulk_ingest_files", params{"files": []params{{"ui_name": "d.csv", "file_content": inHex("x")}}})
	require.Contains(t, bulk.Artifact("bulk_result")["errors"].([]any)[0], "code")
	require.Equal(t, "quota_exceeded", bulk.Artifact("bulk_result")["errors"].([]any)[0].(map[string]any)["code"])

	k.Must(t, p, "purge_file", params{"file_id": purged.id, "confirm": true})
	require.Equal(t, 2*size, k.used(t, p))
	k.refused(t, p, "access_denied", "ingest_file", params{"ui_name": "e.pdf", "file_content": inHex("%PDF-1.4\n")})
	require.Equal(t, 2*size, k.used(t, p), "denied, and gone")

	uploads := content.NewUploads(k.Store, k.Blobs, k.IDs, content.Limits{VisitorSpace: size})
	_, _, err := uploads.Stage(t.Context(), visitor, newReader(smallCSV))
	require.NoError(t, err)
	_, _, err = uploads.Stage(t.Context(), visitor, newReader("x"))
	require.ErrorIs(t, err, ports.ErrQuota)
	require.Equal(t, size, k.used(t, visitor))
	k.Clock.Advance(24*time.Hour + time.Second)
	_, err = k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, k.used(t, visitor), "nobody ingested it")
	require.Equal(t, size, k.used(t, p), "%s is over, %s is not", short.id, kept.id)
}
