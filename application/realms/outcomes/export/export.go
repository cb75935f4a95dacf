// Package export writes artifacts as files that usual programs open. A file depends on the artifact's content alone: the same version gives
// the same bytes. Every text is data in the language of its file.
package export

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/docx"
	"github.com/symphainy/symphainy/domain/fault"
)

// Format is the kind of a file.
type Format string

// The formats. SQL and CSV are for mappings, which are tables.
const (
	JSON     Format = "json"
	YAML     Format = "yaml"
	Markdown Format = "md"
	DOCX     Format = "docx"
	SQL      Format = "sql"
	CSV      Format = "csv"
)

// ErrFormat is a format that the artifact cannot be written in.
var ErrFormat = fault.New(fault.Unsupported, "unsupported_format", "The artifact cannot be exported in this format.")

// Source is what is exported.
type Source struct {
	Type    string
	Name    string
	Version int
	// Payload is the artifact's semantic payload, a JSON object.
	Payload []byte
	// Markdown is the artifact as a text, if its realm wrote one.
	Markdown string
}

// Title is what people call the artifact.
func (s Source) Title() string {
	if s.Name != "" {
		return s.Name
	}
	return strings.ReplaceAll(s.Type, "_", " ")
}

// MediaType gives the media type of a format.
func (f Format) MediaType() string {
	switch f {
	case JSON:
		return "application/json"
	case YAML:
		return "application/yaml"
	case Markdown:
		return "text/markdown; charset=utf-8"
	case DOCX:
		return docx.MediaType
	case SQL:
		return "application/sql"
	case CSV:
		return "text/csv; charset=utf-8"
	}
	return "application/octet-stream"
}

// Write gives the file. A format that the artifact cannot be written in is ErrFormat.
func Write(f Format, s Source) ([]byte, error) {
	payload, err := decode(s.Payload)
	if err != nil {
		return nil, err
	}
	switch f {
	case JSON:
		return writeJSON(s, payload)
	case YAML:
		return writeYAML(s, payload)
	case Markdown:
		return []byte(text(s, payload)), nil
	case DOCX:
		return writeDOCX(text(s, payload), s.Title())
	case SQL, CSV:
		rows, ok := mapping(s, payload)
		if !ok {
			return nil, ErrFormat.WithMsg("Only mappings can be exported as %s.", f)
		}
		if f == SQL {
			return writeSQL(s, rows), nil
		}
		return writeCSV(rows), nil
	}
	return nil, ErrFormat
}

func decode(raw []byte) (map[string]any, error) {
	out := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fault.New(fault.Internal, "artifact_unreadable", "a stored artifact holds JSON that is no object").Because(err)
	}
	return out, nil
}

// record is what JSON and YAML files hold.
func record(s Source, payload map[string]any) map[string]any {
	return map[string]any{"artifact_type": s.Type, "name": s.Title(), "version": json.Number(itoa(s.Version)), "content": payload}
}

func writeJSON(s Source, payload map[string]any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(record(s, payload)); err != nil {
		return nil, fault.As(err)
	}
	return out.Bytes(), nil
}

func text(s Source, payload map[string]any) string {
	if s.Markdown != "" {
		return s.Markdown
	}
	return describe(s.Title(), payload)
}

// keysOf gives the names of an object in order.
func keysOf(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
