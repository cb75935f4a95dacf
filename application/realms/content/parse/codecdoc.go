package parse

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// errStored is a stored document that cannot be read.
var errStored = fault.New(fault.Internal, "stored_document", "The stored document cannot be read.")

// The stored form of a document. Field names are those of the specification.
type (
	storedDocument struct {
		Version       int               `json:"document_version"`
		ParsedFileID  string            `json:"parsed_file_id,omitempty"`
		FileID        string            `json:"file_id,omitempty"`
		Format        string            `json:"format"`
		ParsingType   string            `json:"parsing_type"`
		ParserVersion string            `json:"parser_version"`
		SourceSHA256  string            `json:"source_sha256,omitempty"`
		Text          string            `json:"text_content,omitempty"`
		Pages         []storedPage      `json:"pages,omitempty"`
		Sections      []storedSection   `json:"sections,omitempty"`
		Paragraphs    []storedParagraph `json:"paragraphs,omitempty"`
		Labels        []storedLabel     `json:"labels,omitempty"`
		Structure     []storedElement   `json:"structure,omitempty"`
		Tables        []storedTable     `json:"tables,omitempty"`
		Metadata      storedMetadata    `json:"metadata"`
		Workflow      *storedWorkflow   `json:"workflow,omitempty"`
		SOP           *storedSOP        `json:"sop,omitempty"`
		Schema        *storedSchema     `json:"schema,omitempty"`
		Rules         []storedRule      `json:"88_level_fields,omitempty"`
		CellErrors    storedFindings    `json:"cell_errors"`
		Warnings      storedFindings    `json:"warnings"`
	}
	storedRule struct {
		Field     string   `json:"field_name"`
		Condition string   `json:"condition_name"`
		Values    []string `json:"values"`
	}
	storedPage struct {
		Number int    `json:"number"`
		Text   string `json:"text"`
	}
	storedSection struct {
		Level      int    `json:"level"`
		Title      string `json:"title"`
		Path       string `json:"path"`
		Paragraphs []int  `json:"paragraphs,omitempty"`
	}
	storedParagraph struct {
		Index int    `json:"index"`
		Text  string `json:"text"`
		Style string `json:"style"`
	}
	storedLabel struct {
		Label string `json:"label"`
		Value string `json:"value"`
		Page  int    `json:"page,omitempty"`
		Line  int    `json:"line,omitempty"`
	}
	storedElement struct {
		Kind  string   `json:"kind"`
		Name  string   `json:"name,omitempty"`
		Level int      `json:"level"`
		Items []string `json:"items,omitempty"`
	}
	storedMetadata struct {
		Encoding     string         `json:"encoding,omitempty"`
		Delimiter    string         `json:"delimiter,omitempty"`
		HasHeader    *bool          `json:"has_header,omitempty"`
		Bytes        int64          `json:"bytes"`
		RecordCount  int            `json:"record_count"`
		Codepage     string         `json:"codepage,omitempty"`
		RecordLength int            `json:"record_length,omitempty"`
		Counts       map[string]int `json:"counts,omitempty"`
	}
	storedFindings struct {
		Total int             `json:"total"`
		List  []storedFinding `json:"list,omitempty"`
	}
	storedFinding struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Table   string `json:"table,omitempty"`
		Row     int    `json:"row"`
		Column  string `json:"column,omitempty"`
		Offset  int64  `json:"offset"`
	}
	storedTable struct {
		Name      string          `json:"name"`
		Source    string          `json:"source,omitempty"`
		Columns   []storedColumn  `json:"columns"`
		Preview   json.RawMessage `json:"preview,omitempty"`
		Rows      json.RawMessage `json:"rows,omitempty"`
		RowCount  int             `json:"row_count"`
		Truncated bool            `json:"truncated,omitempty"`
	}
	storedColumn struct {
		Name        string             `json:"name"`
		Label       string             `json:"label"`
		Position    int                `json:"position"`
		Type        string             `json:"type"`
		Format      string             `json:"format,omitempty"`
		Nullable    bool               `json:"nullable"`
		Constraints []storedConstraint `json:"constraints,omitempty"`
		NullCount   int                `json:"null_count"`
		Layouts     []storedLayout     `json:"date_layouts,omitempty"`
	}
	storedConstraint struct {
		Kind   string   `json:"kind"`
		Values []string `json:"values,omitempty"`
	}
	storedLayout struct {
		Layout string `json:"layout"`
		Count  int    `json:"count"`
		Rows   []int  `json:"rows,omitempty"`
	}
)

// EncodeDocument writes a document in its stored form, with the rows that it holds in memory. Decoding gives an equal document;
// only an empty list may come back as nil.
func EncodeDocument(d *document.Document) ([]byte, error) {
	s := storedDocument{
		Version: CodecVersion, ParsedFileID: d.ParsedFileID, FileID: d.FileID, Format: d.Format, ParsingType: d.ParsingType,
		ParserVersion: d.ParserVersion, SourceSHA256: d.SourceSHA256, Text: d.Text,
		Pages:      convert(d.Pages, func(p document.Page) storedPage { return storedPage(p) }),
		Sections:   convert(d.Sections, func(x document.Section) storedSection { return storedSection(x) }),
		Paragraphs: convert(d.Paragraphs, func(p document.Paragraph) storedParagraph { return storedParagraph(p) }),
		Labels:     convert(d.Labels, func(l document.Label) storedLabel { return storedLabel(l) }),
		Structure:  convert(d.Structure, func(e document.Element) storedElement { return storedElement(e) }),
		Tables:     convert(d.Tables, storeTable),
		Metadata:   storedMetadata(d.Metadata),
		Rules:      convert(d.Rules, func(r document.Rule) storedRule { return storedRule(r) }),
		CellErrors: storeFindings(d.CellErrors), Warnings: storeFindings(d.Warnings),
	}
	storeModels(d, &s)
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, errStored.Because(err)
	}
	return buf.Bytes(), nil
}

// DecodeDocument reads what EncodeDocument has written.
func DecodeDocument(b []byte) (*document.Document, error) {
	var s storedDocument
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, errStored.Because(err)
	}
	if s.Version != CodecVersion {
		return nil, errStored.WithMsg("The stored document has version %d, this program reads %d.", s.Version, CodecVersion)
	}
	d := &document.Document{
		ParsedFileID: s.ParsedFileID, FileID: s.FileID, Format: s.Format, ParsingType: s.ParsingType,
		ParserVersion: s.ParserVersion, SourceSHA256: s.SourceSHA256, Text: s.Text,
		Pages:      convert(s.Pages, func(p storedPage) document.Page { return document.Page(p) }),
		Sections:   convert(s.Sections, func(x storedSection) document.Section { return document.Section(x) }),
		Paragraphs: convert(s.Paragraphs, func(p storedParagraph) document.Paragraph { return document.Paragraph(p) }),
		Labels:     convert(s.Labels, func(l storedLabel) document.Label { return document.Label(l) }),
		Structure:  convert(s.Structure, func(e storedElement) document.Element { return document.Element(e) }),
		Metadata:   document.Metadata(s.Metadata),
		Rules:      convert(s.Rules, func(r storedRule) document.Rule { return document.Rule(r) }),
		CellErrors: restoreFindings(s.CellErrors), Warnings: restoreFindings(s.Warnings),
	}
	restoreModels(&s, d)
	for _, t := range s.Tables {
		table, err := restoreTable(t)
		if err != nil {
			return nil, errStored.Because(err)
		}
		d.Tables = append(d.Tables, table)
	}
	return d, nil
}

// convert maps a list; nil stays nil.
func convert[A, B any](list []A, f func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}

func storeFindings(f document.Findings) storedFindings {
	return storedFindings{Total: f.Total, List: convert(f.List, func(x document.Finding) storedFinding { return storedFinding(x) })}
}

func restoreFindings(f storedFindings) document.Findings {
	return document.Findings{Total: f.Total, List: convert(f.List, func(x storedFinding) document.Finding { return document.Finding(x) })}
}

func storeTable(t document.Table) storedTable {
	return storedTable{
		Name: t.Name, Source: t.Source, RowCount: t.RowCount, Truncated: t.Truncated,
		Preview: appendRows(t.Preview, t.Columns), Rows: appendRows(t.Rows, t.Columns),
		Columns: convert(t.Columns, func(c document.Column) storedColumn {
			return storedColumn{
				Name: c.Name, Label: c.Label, Position: c.Position, Type: string(c.Type), Format: string(c.Format),
				Nullable: c.Nullable, NullCount: c.NullCount,
				Constraints: convert(c.Constraints, func(x document.Constraint) storedConstraint { return storedConstraint(x) }),
				Layouts:     convert(c.Layouts, func(x document.LayoutUse) storedLayout { return storedLayout(x) }),
			}
		}),
	}
}

func appendRows(rows []document.Row, columns []document.Column) json.RawMessage {
	if rows == nil {
		return nil
	}
	dst := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRow(dst, row, columns)
	}
	return append(dst, ']')
}

func restoreTable(t storedTable) (document.Table, error) {
	table := document.Table{Name: t.Name, Source: t.Source, RowCount: t.RowCount, Truncated: t.Truncated}
	for _, c := range t.Columns {
		typ, ok := document.ParseType(c.Type)
		if !ok {
			return table, fmt.Errorf("%w: unknown type %q", errRow, c.Type)
		}
		table.Columns = append(table.Columns, document.Column{
			Name: c.Name, Label: c.Label, Position: c.Position, Type: typ, Format: document.Format(c.Format),
			Nullable: c.Nullable, NullCount: c.NullCount,
			Constraints: convert(c.Constraints, func(x storedConstraint) document.Constraint { return document.Constraint(x) }),
			Layouts:     convert(c.Layouts, func(x storedLayout) document.LayoutUse { return document.LayoutUse(x) }),
		})
	}
	var err error
	if table.Preview, err = decodeRows(t.Preview, table.Columns); err != nil {
		return table, err
	}
	table.Rows, err = decodeRows(t.Rows, table.Columns)
	return table, err
}

func decodeRows(b []byte, columns []document.Column) ([]document.Row, error) {
	if b == nil {
		return nil, nil
	}
	d := cellDecoder{jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowDuplicateNames(true))}
	if tok, err := d.ReadToken(); err != nil || tok.Kind() != '[' {
		return nil, errRow
	}
	rows := []document.Row{}
	for d.PeekKind() == '[' {
		row, err := d.row(columns)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}
