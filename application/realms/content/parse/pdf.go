package parse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/symphainy/symphainy/application/realms/content/parse/pdftext"
	"github.com/symphainy/symphainy/domain/document"
)

const (
	pdfPageLimit = 2_000
	pdfFormat    = "pdf"
)

// PDFReader gives the text of a PDF file, or an error of package pdftext.
type PDFReader func(ctx context.Context, in io.ReaderAt, size int64, limits pdftext.Limits) (pdftext.Text, error)

// pdfParser reads PDF documents: the text of their pages. A file of pictures only needs a capability that this build does not have.
type pdfParser struct{ read PDFReader }

func newPDF(read PDFReader) Parser { return pdfParser{read} }

func (pdfParser) Format() string       { return pdfFormat }
func (pdfParser) Extensions() []string { return []string{"pdf"} }
func (pdfParser) Profile() string      { return ProfileUnstructured }
func (pdfParser) binary() bool         { return true }
func (pdfParser) signature() string    { return signaturePDF }
func (pdfParser) Probe(*source) bool   { return false }
func (pdfParser) certain(s *source) bool {
	return strings.HasPrefix(string(s.sample[:min(len(s.sample), 5)]), signaturePDF)
}

func (p pdfParser) Parse(job *Job) (*document.Document, error) {
	at := bodyAt{job.src.ctx, job.src.body}
	text, err := p.read(job.src.ctx, at, job.src.size, pdftext.Limits{Pages: pdfPageLimit, TextBytes: job.Limits.TextBytes})
	if err != nil {
		return nil, pdfFault(job.src.ctx, err)
	}
	doc := job.newDocument(pdfFormat)
	pages := textReader{doc: doc, open: -1}
	var whole strings.Builder
	for i, t := range text.Pages {
		doc.Pages = append(doc.Pages, document.Page{Number: i + 1, Text: t})
		if i > 0 {
			whole.WriteString("\n\n")
		}
		fmt.Fprintf(&whole, "--- Page %d ---\n%s", i+1, t)
		pages.add(t, i+1)
	}
	if len(doc.Paragraphs) == 0 {
		if len(text.Broken) > 0 {
			return nil, malformed("No page of the PDF document can be read.")
		}
		return nil, ErrOCR.WithMsg("The PDF document has %d pages and no text; reading its pictures needs the capability \"ocr\", which this server does not have.", len(text.Pages))
	}
	for _, n := range text.Broken {
		doc.Warn("page_unreadable", fmt.Sprintf("The text of page %d cannot be read; it was left out.", n))
	}
	doc.Text = whole.String()
	doc.Metadata.RecordCount = len(doc.Paragraphs)
	doc.Metadata.Counts["pages"] = len(doc.Pages)
	doc.Metadata.Counts["paragraphs"] = len(doc.Paragraphs)
	doc.Metadata.Counts["sections"] = len(doc.Sections)
	doc.Metadata.Counts["labels"] = len(doc.Labels)
	return doc, nil
}

// pdfFault gives a failure of the reader its place in the table of failures.
func pdfFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var much *pdftext.TooMuch
	switch {
	case errors.As(err, &much):
		return exceeded(much.What, much.Limit, much.Actual, "")
	case errors.Is(err, pdftext.ErrEncrypted):
		return ErrEncrypted
	case errors.Is(err, pdftext.ErrMalformed):
		return malformed("The PDF document cannot be read; the file is damaged or cut off.").Because(err)
	}
	return err
}
