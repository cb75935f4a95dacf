package parse

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

const (
	zipEntryLimit    = 10_000
	zipRatioLimit    = 100
	zipUnpackedLimit = 256 << 20
	// zipSmall is the unpacked size below which the ratio is nobody's concern: a small file of blanks is no bomb.
	zipSmall = 1 << 20

	zipEncrypted = 0x1
)

// archive is a ZIP container whose limits have been checked. Names in it are labels; nothing is ever written to a file under them.
type archive struct {
	ctx   context.Context
	files map[string]*zip.File
	all   []*zip.File
}

// bodyAt reads a seekable body at any place. It is for one goroutine.
type bodyAt struct {
	ctx  context.Context
	body io.ReadSeeker
}

func (b bodyAt) ReadAt(p []byte, off int64) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if _, err := b.body.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(b.body, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// openArchive opens a container after counting its entries and adding up what they say to unpack to. What they really hold is checked
// while it is read.
func openArchive(src *source) (*archive, error) {
	at := bodyAt{src.ctx, src.body}
	if err := walkDirectory(at, src.size); err != nil {
		return nil, err
	}
	zr, err := zip.NewReader(at, src.size)
	if err != nil {
		if src.ctx.Err() != nil {
			return nil, src.ctx.Err()
		}
		return nil, malformed("The container cannot be opened; the file is probably cut off.").Because(err)
	}
	a := &archive{ctx: src.ctx, files: make(map[string]*zip.File, len(zr.File)), all: zr.File}
	var total uint64
	for _, f := range zr.File {
		total += f.UncompressedSize64
		if f.UncompressedSize64 > zipUnpackedLimit || total > zipUnpackedLimit {
			return nil, exceeded("unpacked_bytes", zipUnpackedLimit, int64(min(total, 1<<62)), "")
		}
		if f.Flags&zipEncrypted != 0 {
			return nil, ErrEncrypted
		}
		if !f.Mode().IsRegular() && !f.Mode().IsDir() {
			return nil, malformed("The container holds a link or a device.")
		}
		if _, twice := a.files[f.Name]; twice {
			return nil, malformed("The container holds %q twice.", clip(f.Name))
		}
		a.files[f.Name] = f
		if nestedName(f.Name) && !embedded(f.Name) {
			return nil, exceeded("nested_archives", 0, 1, fmt.Sprintf(": %q", clip(f.Name)))
		}
	}
	if ratio := total / uint64(max(src.size, 1)); total > zipSmall && ratio > zipRatioLimit {
		return nil, exceeded("unpacked_ratio", zipRatioLimit, int64(ratio), "")
	}
	return a, nil
}

// walkDirectory counts the entries of the central directory without keeping them, as the reader would find them.
func walkDirectory(at io.ReaderAt, size int64) error {
	end, err := directoryEnd(at, size)
	if err != nil {
		return err
	}
	offset := int64(binary.LittleEndian.Uint32(end[16:]))
	length := int64(binary.LittleEndian.Uint32(end[12:]))
	place := int64(binary.LittleEndian.Uint64(end[22:]))
	if offset+length != place {
		return malformed("The container's directory is not where it should be.")
	}
	head := make([]byte, 46)
	for n := int64(0); ; n++ {
		if n > zipEntryLimit {
			return exceeded("entries", zipEntryLimit, n, "")
		}
		if _, err := at.ReadAt(head, offset); err != nil || !bytes.HasPrefix(head, []byte("PK\x01\x02")) {
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		}
		offset += 46 + int64(binary.LittleEndian.Uint16(head[28:])) + int64(binary.LittleEndian.Uint16(head[30:])) + int64(binary.LittleEndian.Uint16(head[32:]))
	}
}

// directoryEnd finds the record that ends a container, and appends its place to it.
func directoryEnd(at io.ReaderAt, size int64) ([]byte, error) {
	const record, comment = 22, 1 << 16
	tail := make([]byte, min(size, record+comment))
	if _, err := at.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < record {
		return nil, malformed("The container has no directory; the file is probably cut off.")
	}
	end := slices.Clone(tail[i : i+record])
	return binary.LittleEndian.AppendUint64(end, uint64(size-int64(len(tail))+int64(i))), nil
}

func nestedName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".zip", ".xlsx", ".xlsm", ".docx", ".pptx", ".jar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".tar":
		return true
	default:
		return false
	}
}

// embedded says that an entry is an object inside an Office document, such as the sheet behind a chart. It is never opened.
func embedded(name string) bool { return strings.Contains(strings.ToLower(name), "/embeddings/") }

// open reads one entry. Reading more than the directory says is malformed.
func (a *archive) open(f *zip.File) (io.ReadCloser, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, malformed("The entry %q of the container cannot be read.", clip(f.Name)).Because(err)
	}
	return &entryReader{ctx: a.ctx, rc: rc, left: int64(f.UncompressedSize64), name: f.Name}, nil
}

// entryReader stops where an entry should end and turns the errors of a broken one into ErrMalformed.
type entryReader struct {
	ctx  context.Context
	rc   io.ReadCloser
	left int64
	name string
}

// Close releases the entry.
func (e *entryReader) Close() error { return e.rc.Close() }

func (e *entryReader) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := e.rc.Read(p)
	if e.left -= int64(n); e.left < 0 {
		return 0, malformed("The entry %q of the container is larger than it says.", clip(e.name))
	}
	if err != nil && !errors.Is(err, io.EOF) && e.ctx.Err() == nil {
		err = malformed("The entry %q of the container is damaged.", clip(e.name)).Because(err)
	}
	return n, err
}

// verify reads every entry once: sizes are true, nothing in it is an archive, and XML is XML within limits.
func (a *archive) verify(limits Limits) error {
	for _, f := range a.all {
		if err := a.verifyEntry(f, limits); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) verifyEntry(f *zip.File, limits Limits) error {
	r, err := a.open(f)
	if err != nil {
		return err
	}
	defer r.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if bytes.Equal(head, []byte("PK\x03\x04")) && !embedded(f.Name) {
		return exceeded("nested_archives", 0, 1, fmt.Sprintf(": %q", clip(f.Name)))
	}
	rest := io.MultiReader(bytes.NewReader(head[:n]), r)
	switch strings.ToLower(path.Ext(f.Name)) {
	case ".xml", ".rels", ".vml":
		guard := newXMLGuard(rest, limits)
		guard.tokens = -1
		if _, err = io.Copy(io.Discard, guard); err == nil {
			err = guard.finish()
		}
	default:
		_, err = io.Copy(io.Discard, rest)
	}
	return err
}
