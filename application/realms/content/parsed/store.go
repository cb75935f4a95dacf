// Package parsed keeps typed documents in the blob store: the document itself, and beside it the rows of its tables, which are streamed
// both ways so that a large file costs no memory.
package parsed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Prefix is where the blobs of parsed documents are.
const Prefix = "parsed/"

const (
	documentName = "/document"
	rowsName     = "/rows"
)

// Store reads and writes typed documents.
type Store struct {
	blobs ports.BlobStore
	limit int64
}

// NewStore makes a store that refuses documents and row files of more than limit bytes.
func NewStore(blobs ports.BlobStore, limit int64) Store { return Store{blobs: blobs, limit: limit} }

// DocumentKey gives the key of the document; the artifact's BlobKey. Every claim of an execution, by the number of its fence, has a key of
// its own: an owner that stood still and goes on after another took over then touches nothing of the other's.
func DocumentKey(sessionID, parsedFileID string, fence int64) string {
	return Prefix + sessionID + "/" + parsedFileID + "/" + strconv.FormatInt(fence, 10) + documentName
}

// Beside reports whether a blob's key is that of the document or of its rows.
func Beside(documentKey, key string) bool { return key == documentKey || key == rowsKey(documentKey) }

func rowsKey(documentKey string) string {
	return strings.TrimSuffix(documentKey, documentName) + rowsName
}

// Delete removes a document with its rows; what is gone already is no error.
func (s Store) Delete(ctx context.Context, documentKey string) error {
	return errors.Join(s.blobs.Delete(ctx, documentKey), s.blobs.Delete(ctx, rowsKey(documentKey)))
}

// Write stores the document that fill makes, and the rows that it sends to the sink meanwhile. What an earlier attempt left under the key
// is replaced; on any failure nothing is left.
func (s Store) Write(ctx context.Context, documentKey, parsedFileID string, fill func(sink parse.RowSink) (*document.Document, error)) (*document.Document, ports.BlobInfo, error) {
	if err := s.Delete(ctx, documentKey); err != nil {
		return nil, ports.BlobInfo{}, err
	}
	doc, err := s.writeRows(ctx, rowsKey(documentKey), fill)
	if err != nil {
		return nil, ports.BlobInfo{}, err
	}
	doc.ParsedFileID = parsedFileID
	info, err := s.writeDocument(ctx, documentKey, doc)
	if err != nil {
		return nil, ports.BlobInfo{}, errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), rowsKey(documentKey)))
	}
	return doc, info, nil
}

func (s Store) writeDocument(ctx context.Context, key string, doc *document.Document) (ports.BlobInfo, error) {
	raw, err := parse.EncodeDocument(doc)
	if err != nil {
		return ports.BlobInfo{}, err
	}
	return s.blobs.Put(ctx, key, bytes.NewReader(raw), s.limit)
}

// writeRows runs fill while the blob store reads what it writes. The goroutine ends with the pipe, which is closed on every path.
func (s Store) writeRows(ctx context.Context, key string, fill func(sink parse.RowSink) (*document.Document, error)) (*document.Document, error) {
	reader, writer := io.Pipe()
	var putErr error
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		putErr = fault.Guard(func() error {
			_, err := s.blobs.Put(ctx, key, reader, s.limit)
			return err
		})
		// A parser that still writes must not wait for a reader that is gone.
		_ = reader.CloseWithError(errors.Join(putErr, io.ErrClosedPipe))
	}()
	finished := false
	defer func() {
		if !finished {
			_ = writer.CloseWithError(io.ErrClosedPipe)
			<-stored
		}
	}()
	rows := parse.NewRowWriter(writer)
	doc, err := fill(rows)
	if err == nil {
		err = rows.Flush()
	}
	_ = writer.CloseWithError(err)
	finished = true
	<-stored
	switch {
	case err == nil:
		return doc, putErr
	case putErr != nil && errors.Is(err, io.ErrClosedPipe):
		// The store failed first; the parser only noticed.
		return nil, putErr
	}
	return nil, err
}

// Open reads the typed document of a parsed_content artifact. An artifact without a document is fault.ErrNotFound, one whose contract is
// over artifact.ErrExpired when its document is gone.
func (s Store) Open(ctx context.Context, a artifact.Snapshot) (Document, error) {
	if a.BlobKey == "" {
		return Document{}, fault.ErrNotFound
	}
	in, err := s.blobs.Open(ctx, a.BlobKey)
	if errors.Is(err, fault.ErrNotFound) {
		return Document{}, artifact.ErrExpired.WithMsg("The parsed document is no longer kept.").Because(err)
	}
	if err != nil {
		return Document{}, err
	}
	raw, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil {
		return Document{}, fault.ErrUnavailable.Because(err)
	}
	doc, err := parse.DecodeDocument(raw)
	if err != nil {
		return Document{}, err
	}
	return Document{Document: doc, store: s, rowsKey: rowsKey(a.BlobKey)}, nil
}

// Document is a stored typed document; its tables' rows are read with Rows.
type Document struct {
	*document.Document
	store   Store
	rowsKey string
}

// Rows calls visit with the rows of a table from offset on, at most limit of them (negative: all). The number counts from 0; the row may be
// kept. visit's error ends the reading and is returned as it is.
func (d Document) Rows(ctx context.Context, table, offset, limit int, visit func(n int, row document.Row) error) error {
	in, err := d.store.blobs.Open(ctx, d.rowsKey)
	if err != nil {
		return err
	}
	err = parse.ReadRows(in, d.Document, table, offset, limit, func(n int, row document.Row) error {
		if n%1024 == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		return visit(n, row)
	})
	return errors.Join(err, in.Close())
}
