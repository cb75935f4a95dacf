package artifacts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Content is the bytes of an artifact, to be served as an attachment and closed by whoever asked for it.
type Content struct {
	Reader io.ReadSeekCloser
	// Name is safe in a header and on any file system: no path, no control character, at most 200 bytes, never empty.
	Name string
	// MediaType is what the bytes were found to be, never what the sender said.
	MediaType string
	Size      int64
	SHA256    string
}

// Open gives the content of an artifact in scope. The bytes of a file are readable only while its boundary contract is:
// artifact.ErrFileNotSaved, ErrContractNotActive or ErrExpired otherwise. Derived content ends with its source's contract. An artifact
// without content is fault.ErrNotFound.
func (s *Service) Open(ctx context.Context, scope identity.Scope, id string) (Content, error) {
	var found artifact.Snapshot
	err := s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		a, err := Find(ctx, tx, scope, "", id)
		if err != nil {
			return err
		}
		found = a.Snapshot()
		return s.mayRead(ctx, tx, scope, found)
	})
	if err != nil {
		return Content{}, err
	}
	if found.BlobKey == "" {
		return Content{}, fault.ErrNotFound
	}
	reader, err := s.blobs.Open(ctx, found.BlobKey)
	if err != nil {
		return Content{}, err
	}
	size, err := reader.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = reader.Seek(0, io.SeekStart)
	}
	if err != nil {
		return Content{}, errors.Join(fault.ErrUnavailable.Because(err), reader.Close())
	}
	name := SafeName(found.Name)
	if found.Type != TypeFile && found.Type != TypeExport {
		name = SafeName(found.Name + extension(found))
	}
	return Content{Reader: reader, Name: name, MediaType: or(found.MediaType, "application/octet-stream"), Size: size, SHA256: found.BlobSHA}, nil
}

// Rendering gives one rendering of an artifact in scope as a file: text as it is, all else as JSON. One that the artifact does not have, or has
// no more, is fault.ErrNotFound.
func (s *Service) Rendering(ctx context.Context, scope identity.Scope, id, name string) (Content, error) {
	var found artifact.Snapshot
	err := s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		a, err := Find(ctx, tx, scope, "", id)
		if err != nil {
			return err
		}
		found = a.Snapshot()
		return s.mayRead(ctx, tx, scope, found)
	})
	if err != nil {
		return Content{}, err
	}
	all := map[string]json.RawMessage{}
	if len(found.Renderings) > 0 {
		if err := json.Unmarshal(found.Renderings, &all); err != nil {
			return Content{}, unreadable(err)
		}
	}
	raw, ok := all[name]
	if !ok {
		return Content{}, fault.ErrNotFound
	}
	media, ending := "application/json", ".json"
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw, media, ending = []byte(text), "text/plain; charset=utf-8", ".txt"
		switch {
		case strings.HasSuffix(name, "svg"):
			media, ending = "image/svg+xml", ".svg"
		case name == "markdown":
			media, ending = "text/markdown; charset=utf-8", ".md"
		}
	}
	return Content{Reader: inMemory{bytes.NewReader(raw)}, Name: SafeName(found.Name + "." + name + ending), MediaType: media, Size: int64(len(raw))}, nil
}

// inMemory are bytes that need no closing.
type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

func (s *Service) mayRead(ctx context.Context, tx ports.Tx, scope identity.Scope, a artifact.Snapshot) error {
	now := s.clock.Now()
	if a.Type != TypeFile {
		if !a.ExpiresAt.IsZero() && !now.Before(a.ExpiresAt) {
			return artifact.ErrExpired
		}
		return nil
	}
	return Readable(ctx, tx, scope, a, now)
}

// Readable reports, as an error, why the bytes of a file may not be read at now: the file is not saved, archived, or its contract is not
// active. A file that the tenant shares is read under its owner's contract, which the reader does not see: the file's own state and expiry
// decide then.
func Readable(ctx context.Context, tx ports.Tx, scope identity.Scope, file artifact.Snapshot, now time.Time) error {
	contract, err := tx.Contracts.ByFile(ctx, scope, file.ID)
	switch {
	case err == nil:
		if err := contract.Readable(now); err != nil {
			return err
		}
	case !errors.Is(err, fault.ErrNotFound):
		return err
	case file.OwnerID == scope.OwnerID:
		return artifact.ErrContractNotActive
	case file.ExpiresAt.IsZero() || !now.Before(file.ExpiresAt):
		return artifact.ErrExpired
	}
	switch file.State {
	case artifact.Ready:
		return nil
	case artifact.Pending:
		return artifact.ErrFileNotSaved
	case artifact.Archived, artifact.Failed, artifact.Deleted, artifact.Draft, artifact.Accepted, artifact.Obsolete:
	}
	return artifact.ErrContractNotActive.WithMsg("The file is %s.", strings.ToLower(string(file.State)))
}

const maxName = 200

// SafeName makes a file name that is only a name: the last path segment, without control and formatting characters, quotes and the
// characters that a file system refuses, at most 200 bytes; "download" if nothing is left.
func SafeName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == unicode.ReplacementChar, unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
			return -1
		case strings.ContainsRune(`"*:<>?|;%`, r):
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	clean = strings.Trim(clean, ". ")
	if len(clean) > maxName {
		clean = strings.ToValidUTF8(clean[len(clean)-maxName:], "")
	}
	return or(clean, "download")
}

// DerivedPrefix is where the blobs of files lie that are made of artifacts, such as a procedure as a document.
const DerivedPrefix = "derived/"

// DerivedKey gives the key of the file of an artifact that a session has made.
func DerivedKey(sessionID, artifactID string) string {
	return DerivedPrefix + sessionID + "/" + artifactID
}

// extension gives the ending of a file name for the content of an artifact that is no file of the user's.
func extension(a artifact.Snapshot) string {
	switch {
	case a.MediaType == "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return ".docx"
	case a.MediaType == "application/xml" && a.Type == "workflow":
		return ".bpmn"
	}
	return "." + a.Type + ".json"
}
