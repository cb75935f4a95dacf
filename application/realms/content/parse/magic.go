package parse

import (
	"bytes"
	"strings"
)

// signatures are the first bytes of formats that no parser of this build reads.
var signatures = []struct { //nolint:gochecknoglobals // a read-only table
	prefix string
	format string
}{
	{"%PDF-", "a PDF document"},
	{"PK\x03\x04", "a ZIP container (such as XLSX or DOCX)"},
	{"PK\x05\x06", "an empty ZIP container"},
	{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Office document"},
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

// foreignExtensions are names of formats that look like text and would be misread as such.
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
	head := strings.ToLower(strings.TrimSpace(s.head[:min(len(s.head), 1024)]))
	switch {
	case strings.HasPrefix(head, "<?xml"):
		return "an XML document"
	case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"):
		return "an HTML page"
	default:
		return ""
	}
}
