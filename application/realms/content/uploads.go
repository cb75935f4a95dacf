package content

import (
	"context"
	"errors"
	"io"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// filesPrefix is where the bytes of files are: files/<session>/<file id>. The session in the key is what lets nobody else ingest an upload.
const filesPrefix = "files/"

func fileKey(sessionID, fileID string) string { return filesPrefix + sessionID + "/" + fileID }

// Uploads takes in bytes before there is an intent about them. It is safe for concurrent use.
type Uploads struct {
	blobs ports.BlobStore
	ids   ports.IDs
	limit int64
}

// NewUploads makes an Uploads that takes at most limits.Upload bytes a file; zero is the limit of Defaults.
func NewUploads(blobs ports.BlobStore, ids ports.IDs, limits Limits) *Uploads {
	return &Uploads{blobs: blobs, ids: ids, limit: Config{Limits: limits}.withDefaults().Limits.Upload}
}

// Stage stores an upload of the principal's session and gives the id with which ingest_file takes it up, in the same session only. More than
// the limit is ports.ErrBlobTooLarge, nothing at all parse.ErrEmpty; nothing is left of either. An upload that is never ingested is swept.
func (u *Uploads) Stage(ctx context.Context, p identity.Principal, r io.Reader) (fileID string, info ports.BlobInfo, err error) {
	return stage(ctx, u.blobs, u.ids, p, r, u.limit)
}

// Discard deletes an upload of the principal's session that was refused before anything was submitted about it.
func (u *Uploads) Discard(ctx context.Context, p identity.Principal, fileID string) error {
	return u.blobs.Delete(ctx, fileKey(p.SessionID, fileID))
}

func stage(ctx context.Context, blobs ports.BlobStore, ids ports.IDs, p identity.Principal, r io.Reader, limit int64) (string, ports.BlobInfo, error) {
	if p.SessionID == "" {
		return "", ports.BlobInfo{}, fault.New(fault.Internal, "upload_without_session", "an upload needs a session")
	}
	id := ids.NewID(typeid.File)
	key := fileKey(p.SessionID, id)
	info, err := blobs.Put(ctx, key, r, limit)
	switch {
	case errors.Is(err, ports.ErrBlobTooLarge):
		return "", ports.BlobInfo{}, tooLarge(limit, limit+1).Because(err)
	case err != nil:
		return "", ports.BlobInfo{}, err
	case info.Size == 0:
		return "", ports.BlobInfo{}, errors.Join(parse.ErrEmpty, blobs.Delete(ctx, key))
	}
	return id, info, nil
}

// tooLarge says what the limit is and what there was, at least.
func tooLarge(limit, actual int64) *fault.Error {
	return ports.ErrBlobTooLarge.WithMsg("The file is larger than allowed (limit: %d bytes, actual: at least %d).", limit, actual)
}
