package parse

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
)

const (
	signatureZIP = "PK\x03\x04"
	signatureOLE = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	signaturePDF = "%PDF-"
)

// signatures are the first bytes of formats that no parser of this build reads, and of those that have their parser by the time they are asked.
var signatures = []struct { //nolint:gochecknoglobals // a read-only table
	prefix string
	format string
}{
	{signaturePDF, "a PDF document"},
	{signatureZIP, "a ZIP container that is no known document"},
	{"PK\x05\x06", "an empty ZIP container"},
	{signatureOLE, "an old Office document"},
	{"\x89PNG\r\n\x1a\n", "a PNG image"},
	{"\xFF\xD8\xFF", "a JPEG image"},
	{"GIF87a", "a GIF image"},
	{"GIF89a", "a GIF image"},
	{"\x1F\x8B", "gzip data"},
	{"7z\xBC\xAF\x27\x1C", "a 7z archive"},
	{"Rar!\x1A\x07", "a RAR archive"},
	{"\x7FELF", "a program"},
	{"{\\rtf", "an RTF document"},
	{"SQLite format 3\x00", "a SQLite database"},
	{"PAR1", "a Parquet file"},
}

// foreignExtensions are names of formats that look like text and would be misread as such, unless a parser claims them.
var foreignExtensions = map[string]string{ //nolint:gochecknoglobals // a read-only table
	"xlsx": "a spreadsheet", "xls": "a spreadsheet", "docx": "a Word document", "doc": "a Word document", "pdf": "a PDF document",
	"pptx": "a presentation", "html": "an HTML page", "htm": "an HTML page", "xml": "an XML document", "bpmn": "a BPMN process",
	"md": "a Markdown document", "markdown": "a Markdown document", "yaml": "a YAML document", "yml": "a YAML document",
	"png": "an image", "jpg": "an image", "jpeg": "an image", "gif": "an image", "tiff": "an image", "webp": "an image",
	"bin": "a binary file", "dat": "a binary file", "cpy": "a copybook", "zip": "an archive", "gz": "an archive", "parquet": "a Parquet file",
}

// magic names the format that the first bytes prove, if it is one that cannot be read; empty otherwise.
func magic(s *source) string {
	for _, sig := range signatures {
		if bytes.HasPrefix(s.sample, []byte(sig.prefix)) {
			return sig.format
		}
	}
	switch s.markup() {
	case markupXML:
		return "an XML document"
	case markupHTML:
		return "an HTML page"
	case markupNone:
	}
	return ""
}

// markup is what the beginning of a text proves.
type markup uint8

const (
	markupNone markup = iota
	markupXML
	markupHTML
)

func (s *source) markup() markup {
	head := strings.ToLower(strings.TrimSpace(s.head[:min(len(s.head), 1024)]))
	switch {
	case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"):
		return markupHTML
	case strings.HasPrefix(head, "<?xml"):
		if root, ok := rootOf(s.head); ok && strings.EqualFold(root.Local, "html") {
			return markupHTML
		}
		return markupXML
	default:
		return markupNone
	}
}

// encryptedOffice says that an old Office container holds an encrypted new one.
func (s *source) encryptedOffice() bool {
	const name = "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"
	return bytes.HasPrefix(s.sample, []byte(signatureOLE)) && bytes.Contains(s.sample, []byte(name))
}

// holds says whether the file is a ZIP container with this entry. A container that is too large or damaged holds nothing.
func (s *source) holds(name string) bool {
	if !bytes.HasPrefix(s.sample, []byte(signatureZIP)) {
		return false
	}
	at := bodyAt{s.ctx, s.body}
	if walkDirectory(at, s.size) != nil {
		return bytes.Contains(s.sample, []byte(name)) // its parser says what is wrong
	}
	zr, err := zip.NewReader(at, s.size)
	return err == nil && slices.ContainsFunc(zr.File, func(f *zip.File) bool { return f.Name == name })
}
