package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// upload is what the bytes of a staged upload say of themselves.
type upload struct {
	FileID    string
	Key       string
	Size      int64
	SHA256    string
	MediaType string
	// Extension is the usual ending of the media type, without the dot.
	Extension string
	// Known tells that this is a file already; nothing was read.
	Known bool
}

// headSize is how many bytes the media type is found from.
const headSize = 3072

// inspect finds the upload that the caller names. It is an upload of the session, or a file of theirs; all else is fault.ErrNotFound.
func (r *Realm) inspect(ctx context.Context, call ports.IntentCall, id string, in ingestParameters) (upload, error) {
	file, err := r.find(ctx, call, artifacts.TypeFile, id)
	if err == nil {
		return upload{FileID: file.ID, Known: true, MediaType: file.MediaType}, nil
	}
	if !errors.Is(err, fault.ErrNotFound) {
		return upload{}, err
	}
	// The id becomes part of a key: only one of the right form is looked for.
	if id != artifacts.IDOf(id) || !typeid.Valid(typeid.File, id) {
		return upload{}, fault.ErrNotFound
	}
	s := call.Execution()
	for _, session := range slices.Compact([]string{s.SessionID, s.Principal.SessionID}) {
		u, err := r.read(ctx, session, id, in)
		if !errors.Is(err, fault.ErrNotFound) {
			return u, err
		}
	}
	return upload{}, fault.ErrNotFound
}

func (r *Realm) read(ctx context.Context, sessionID, id string, in ingestParameters) (upload, error) {
	u := upload{FileID: id, Key: fileKey(sessionID, id)}
	body, err := r.Blobs.Open(ctx, u.Key)
	if err != nil {
		return upload{}, err
	}
	err = u.measure(ctx, body, in)
	if err = errors.Join(err, body.Close()); err != nil {
		return upload{}, err
	}
	if u.Size == 0 {
		return upload{}, errors.Join(parse.ErrEmpty, r.Blobs.Delete(ctx, u.Key))
	}
	return u, nil
}

// measure reads all bytes once: size, hash, media type.
func (u *upload) measure(ctx context.Context, body io.Reader, in ingestParameters) error {
	var head bytes.Buffer
	sum := sha256.New()
	n, err := io.CopyN(io.MultiWriter(&head, sum), body, headSize)
	if err == nil {
		var rest int64
		rest, err = io.Copy(sum, interruptible{ctx, body})
		n += rest
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fault.As(err)
	}
	u.Size, u.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	u.MediaType, u.Extension = mediaType(head.Bytes(), in)
	return nil
}

// interruptible stops reading when the work is to stop.
type interruptible struct {
	ctx context.Context //nolint:containedctx // it lives as long as one copy
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if err := context.Cause(i.ctx); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// mediaType finds the type in the bytes. Among kinds of plain text, which the bytes do not tell apart for sure, the name decides.
func mediaType(head []byte, in ingestParameters) (media, extension string) {
	found := mimetype.Detect(head)
	media, _, _ = strings.Cut(found.String(), ";")
	extension = strings.TrimPrefix(found.Extension(), ".")
	if media != "text/plain" {
		return media, extension
	}
	switch ext := in.fileType(upload{}); ext {
	case "csv", "tsv", "json", "md", "xml", "html", "yaml", "yml":
		return map[string]string{
			"csv": "text/csv", "tsv": "text/tab-separated-values", "json": "application/json", "md": "text/markdown",
			"xml": "text/xml", "html": "text/html", "yaml": "application/yaml", "yml": "application/yaml",
		}[ext], ext
	}
	return media, extension
}
