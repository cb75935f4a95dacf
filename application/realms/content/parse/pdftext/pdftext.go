// Package pdftext reads the text of PDF files. It wraps a reader that panics on broken files and can be made to use much memory, so what
// runs it on files of strangers must be able to stop it: a process of its own, see adapters/sandbox.
package pdftext

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ledongthuc/pdf"
)

// The ways in which a file cannot be read. Every failure of Extract is one of them, a *TooMuch, or the context's.
var (
	ErrMalformed = errors.New("not a readable PDF file")
	ErrEncrypted = errors.New("an encrypted PDF file")
)

// TooMuch is a file with more than was allowed.
type TooMuch struct {
	// What is pages, text_bytes or nodes.
	What          string
	Limit, Actual int64
}

// Error says what there is too much of.
func (t *TooMuch) Error() string {
	return fmt.Sprintf("too many %s: limit %d, actual %d", t.What, t.Limit, t.Actual)
}

// Limits bound what a file may hold.
type Limits struct {
	Pages     int64
	TextBytes int64
}

// Text is what was read.
type Text struct {
	// Pages are the texts of all pages in order: lines ended by line feeds, a blank line where the page leaves one.
	Pages []string
	// Broken are the numbers, from 1, of pages whose text could not be read; their text is empty.
	Broken []int
}

const (
	// treeNodes bounds the page tree beside its pages, treeDepth its depth.
	treeNodes = 10_000
	treeDepth = 64
	tail      = 2048
)

// Extract reads the text of all pages. It stops between pages when ctx ends; a reader that fails when ctx ends stops it within a page.
func Extract(ctx context.Context, in io.ReaderAt, size int64, limits Limits) (text Text, err error) {
	defer func() {
		if p := recover(); p != nil {
			text, err = Text{}, broken(ctx, fmt.Errorf("panic: %v", p))
		}
	}()
	whole, size, err := trim(in, size)
	if err != nil {
		return Text{}, err
	}
	r, err := pdf.NewReader(whole, size)
	if err != nil {
		if errors.Is(err, pdf.ErrInvalidPassword) || bytes.Contains([]byte(err.Error()), []byte("encrypt")) {
			return Text{}, ErrEncrypted
		}
		return Text{}, broken(ctx, err)
	}
	if !r.Trailer().Key("Encrypt").IsNull() {
		return Text{}, ErrEncrypted
	}
	pages, err := pagesOf(r, limits.Pages)
	if err != nil {
		return Text{}, err
	}
	return read(ctx, pages, limits)
}

func broken(ctx context.Context, cause error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrMalformed, cause)
}

func read(ctx context.Context, pages []pdf.Page, limits Limits) (Text, error) {
	var text Text
	var total int64
	for i, p := range pages {
		if err := ctx.Err(); err != nil {
			return Text{}, err
		}
		s, err := pageText(p)
		if ctx.Err() != nil {
			return Text{}, ctx.Err()
		}
		if err != nil {
			text.Broken = append(text.Broken, i+1)
		}
		if total += int64(len(s)); total > limits.TextBytes {
			return Text{}, &TooMuch{"text_bytes", limits.TextBytes, total}
		}
		text.Pages = append(text.Pages, s)
	}
	return text, nil
}

// trim gives the part of the file that is the PDF: what follows the last end mark is cut off, and the header is one that the reader knows;
// versions differ in what may be in a file, not in how it is read.
func trim(in io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	const shortest = 128
	if size < shortest {
		return nil, 0, fmt.Errorf("%w: too short", ErrMalformed)
	}
	head := make([]byte, 16)
	if _, err := in.ReadAt(head, 0); err != nil {
		return nil, 0, err
	}
	if !bytes.HasPrefix(head, []byte("%PDF-")) {
		return nil, 0, fmt.Errorf("%w: no header", ErrMalformed)
	}
	end := make([]byte, min(size, tail))
	from := size - int64(len(end))
	if _, err := in.ReadAt(end, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	const mark = "%%EOF"
	i := bytes.LastIndex(end, []byte(mark))
	if i < 0 {
		return nil, 0, fmt.Errorf("%w: no end", ErrMalformed)
	}
	return headed{in}, from + int64(i+len(mark)), nil
}

// headed is a file whose first line is the header of the newest version that the reader knows.
type headed struct{ io.ReaderAt }

// ReadAt reads the file with its header changed.
func (h headed) ReadAt(p []byte, off int64) (int, error) {
	n, err := h.ReaderAt.ReadAt(p, off)
	const header = "%PDF-1.7\n"
	if off >= 0 && off < int64(len(header)) {
		copy(p[:n], header[off:])
	}
	return n, err
}

// pagesOf walks the page tree once.
func pagesOf(r *pdf.Reader, most int64) ([]pdf.Page, error) {
	type place struct {
		node  pdf.Value
		depth int
	}
	var pages []pdf.Page
	open := []place{{node: r.Trailer().Key("Root").Key("Pages")}}
	for seen := 0; len(open) > 0; seen++ {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		if int64(seen) > treeNodes+most {
			return nil, &TooMuch{"pages", most, int64(seen)}
		}
		kids := at.node.Key("Kids")
		if kids.Kind() != pdf.Array {
			if at.node.Kind() != pdf.Dict {
				continue
			}
			if pages = append(pages, pdf.Page{V: at.node}); int64(len(pages)) > most {
				return nil, &TooMuch{"pages", most, int64(len(pages))}
			}
			continue
		}
		if at.depth >= treeDepth || int64(kids.Len()) > treeNodes+most {
			return nil, &TooMuch{"pages", most, most + 1}
		}
		for i := kids.Len() - 1; i >= 0; i-- {
			open = append(open, place{kids.Index(i), at.depth + 1})
		}
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("%w: no pages", ErrMalformed)
	}
	return pages, nil
}
