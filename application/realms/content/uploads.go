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
	uow    ports.UnitOfWork
	blobs  ports.BlobStore
	ids    ports.IDs
	limits Limits
}

// NewUploads makes an Uploads within the limits; zero ones are those of Defaults.
func NewUploads(uow ports.UnitOfWork, blobs ports.BlobStore, ids ports.IDs, limits Limits) *Uploads {
	return &Uploads{uow: uow, blobs: blobs, ids: ids, limits: Config{Limits: limits}.withDefaults().Limits}
}

// Stage stores an upload of the principal's session and gives the id with which ingest_file takes it up, in the same session only. More than
// the limit is ports.ErrBlobTooLarge, more than there is room for ports.ErrQuota, nothing at all parse.ErrEmpty; nothing is left of any of
// them. An upload that is never ingested is swept.
func (u *Uploads) Stage(ctx context.Context, p identity.Principal, r io.Reader) (fileID string, info ports.BlobInfo, err error) {
	return u.stage(ctx, p, r, u.limits.Upload)
}

// Discard deletes an upload of the principal's session that was refused before anything was submitted about it.
func (u *Uploads) Discard(ctx context.Context, p identity.Principal, fileID string) error {
	return u.discard(ctx, p.SessionID, fileID)
}

// stage stores the bytes and then takes room for them: how many they are is known no earlier. What has come in by then is at most one
// upload's room too much for each that comes in at the same time, and nothing that is told to be stored is.
func (u *Uploads) stage(ctx context.Context, p identity.Principal, r io.Reader, limit int64) (string, ports.BlobInfo, error) {
	if p.SessionID == "" {
		return "", ports.BlobInfo{}, fault.New(fault.Internal, "upload_without_session", "an upload needs a session")
	}
	room, err := u.room(ctx, p.SessionID)
	if err != nil {
		return "", ports.BlobInfo{}, err
	}
	id := u.ids.NewID(typeid.File)
	key := fileKey(p.SessionID, id)
	info, err := u.blobs.Put(ctx, key, r, min(limit, room))
	switch {
	case errors.Is(err, ports.ErrBlobTooLarge) && room < limit:
		return "", ports.BlobInfo{}, noRoom(room).Because(err)
	case errors.Is(err, ports.ErrBlobTooLarge):
		return "", ports.BlobInfo{}, tooLarge(limit, limit+1).Because(err)
	case err != nil:
		return "", ports.BlobInfo{}, err
	case info.Size == 0:
		return "", ports.BlobInfo{}, errors.Join(parse.ErrEmpty, u.blobs.Delete(ctx, key))
	}
	err = u.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenant, quota, err := u.tenant(ctx, tx, p.SessionID, true)
		if err != nil {
			return err
		}
		return tx.Space.Reserve(ctx, tenant, id, info.Size, quota)
	})
	if err != nil {
		if errors.Is(err, ports.ErrQuota) {
			err = noRoom(room).Because(err)
		}
		return "", ports.BlobInfo{}, errors.Join(err, u.blobs.Delete(context.WithoutCancel(ctx), key))
	}
	return id, info, nil
}

// room gives how many bytes the tenant of a session may still bring. None at all is ports.ErrQuota.
func (u *Uploads) room(ctx context.Context, sessionID string) (int64, error) {
	var room int64
	err := u.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenant, quota, err := u.tenant(ctx, tx, sessionID, false)
		if err != nil {
			return err
		}
		used, err := tx.Space.Used(ctx, tenant)
		room = quota - used
		return err
	})
	if err == nil && room <= 0 {
		err = noRoom(0)
	}
	return room, err
}

// tenant gives in whose space a session's files are, and how large it is. Pinned, a visitor's stays where it is until the transaction ends.
func (u *Uploads) tenant(ctx context.Context, tx ports.Tx, sessionID string, pin bool) (string, int64, error) {
	s, err := tx.Sessions.ByID(ctx, sessionID)
	if err != nil {
		return "", 0, err
	}
	if s.Snapshot().OwnerUserID != "" {
		return s.IsolationID(), u.limits.TenantSpace, nil
	}
	if pin {
		err = tx.Scopes.Pin(ctx, sessionID)
	}
	return s.IsolationID(), u.limits.VisitorSpace, err
}

// discard gives the room of an upload back and then deletes it, so that what is broken off in between is found by the sweep.
func (u *Uploads) discard(ctx context.Context, sessionID, fileID string) error {
	err := u.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenant, _, err := u.tenant(ctx, tx, sessionID, true)
		if err != nil {
			return err
		}
		return tx.Space.Release(ctx, tenant, fileID)
	})
	return errors.Join(err, u.blobs.Delete(ctx, fileKey(sessionID, fileID)))
}

// noRoom says how much room there is.
func noRoom(room int64) *fault.Error {
	return ports.ErrQuota.WithMsg("There is no room for this file (room left: %d bytes). Purge files that are not needed any more.", max(room, 0))
}

// tooLarge says what the limit is and what there was, at least.
func tooLarge(limit, actual int64) *fault.Error {
	return ports.ErrBlobTooLarge.WithMsg("The file is larger than allowed (limit: %d bytes, actual: at least %d).", limit, actual)
}
