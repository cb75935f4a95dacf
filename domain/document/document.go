// Package document is the typed document: the one shape in which a parsed file is read, whatever its format was.
// Parsers make it, everything else reads it. Numbers stay exact text, dates are ISO 8601, and rows may live
// outside the document (a large table is streamed), so the document itself stays small.
package document

// ParserVersion names the rules by which documents are made; it changes when equal input may give another document.
const ParserVersion = "1.0"

// MaxKeptErrors is how many cell errors and how many warnings a document lists; the totals count all of them.
const MaxKeptErrors = 1000

// PreviewRows is how many rows a table keeps beside its columns, even when its rows are streamed elsewhere.
const PreviewRows = 10

// Document is a parsed file. Consumers read it and never the file.
type Document struct {
	ParsedFileID string
	FileID       string
	// Format is the parser's name: csv, tsv, json, text, xlsx, docx, html, ….
	Format string
	// ParsingType is the profile by which the file was read: structured, unstructured, workflow, sop or data_model.
	ParsingType   string
	ParserVersion string
	SourceSHA256  string

	// Text is the whole readable text of formats that are text; empty for pure tables.
	Text       string
	Pages      []Page
	Sections   []Section
	Paragraphs []Paragraph
	Labels     []Label
	Structure  []Element
	Tables     []Table
	Metadata   Metadata
	// Workflow, SOP and Schema are nil unless the source holds one.
	Workflow *Workflow
	SOP      *SOP
	Schema   *Schema
	// Rules are what the source declares about values, beside the constraints of columns: the 88-levels of a copybook.
	Rules []Rule

	CellErrors Findings
	Warnings   Findings
}

// Rule is a named condition of a field, with the values under which it is true.
type Rule struct {
	Field     string
	Condition string
	Values    []string
}

// Page is the text of one page, counted from 1.
type Page struct {
	Number int
	Text   string
}

// Section is a heading with what stands under it.
type Section struct {
	Level int
	Title string
	// Path is the titles from the outermost section to this one, joined by " / ".
	Path string
	// Paragraphs are the indexes of the paragraphs below the heading.
	Paragraphs []int
}

// Paragraph styles.
const (
	StyleBody         = "body"
	StyleHeading      = "heading"
	StyleNumberedList = "numbered_list"
	StyleBulletList   = "bullet_list"
)

// Paragraph is a block of text. Index counts the blocks of the source, blank ones included, so it may have gaps.
type Paragraph struct {
	Index int
	Text  string
	Style string
}

// Label is a line "Label: value". Page is 0 where the format has no pages; Line counts from 1.
type Label struct {
	Label string
	Value string
	Page  int
	Line  int
}

// Element is one entry of the outline: a heading, a list with its items, or a member of a tree.
type Element struct {
	// Kind is heading, list, link, element, object, array or value.
	Kind string
	// Name is the title, or the path of the member.
	Name  string
	Level int
	Items []string
}

// Metadata says how the file was read.
type Metadata struct {
	Encoding  string
	Delimiter string
	// HasHeader is nil where the question makes no sense.
	HasHeader *bool
	// Bytes is the size of the source, RecordCount as the specification counts records of this format.
	Bytes       int64
	RecordCount int
	// Codepage and RecordLength are those of fixed-width records; 0 where records differ in length.
	Codepage     string
	RecordLength int
	// Counts of what was found, by plain names such as tables, paragraphs, short_rows.
	Counts map[string]int
}

// CountFirstLine is the entry of Metadata.Counts with the line (from 1) of the first row, set only if each row is one line of the file,
// so that row n stands on line n + CountFirstLine.
const CountFirstLine = "first_row_line"

// Finding is something about the input that a reader should know. Row counts from 0; −1 means no row, and
// Offset −1 no place in the file.
type Finding struct {
	Code    string
	Message string
	Table   string
	Row     int
	Column  string
	Offset  int64
}

// Findings keeps the first MaxKeptErrors findings and counts all.
type Findings struct {
	List  []Finding
	Total int
}

// Add counts the finding and keeps it while there is room.
func (f *Findings) Add(x Finding) {
	f.Total++
	if len(f.List) < MaxKeptErrors {
		f.List = append(f.List, x)
	}
}

// Count says how many kept findings have the code.
func (f *Findings) Count(code string) int {
	n := 0
	for _, x := range f.List {
		if x.Code == code {
			n++
		}
	}
	return n
}

// Warn adds a warning about the whole document.
func (d *Document) Warn(code, message string) {
	d.Warnings.Add(Finding{Code: code, Message: message, Row: -1, Offset: -1})
}

// MainTable is the index of the table with the most rows, the first of equals; −1 without tables.
func (d *Document) MainTable() int {
	best := -1
	for i := range d.Tables {
		if best < 0 || d.Tables[i].RowCount > d.Tables[best].RowCount {
			best = i
		}
	}
	return best
}

// Records is the typed rows of the main table, as far as they are held in memory.
func (d *Document) Records() []Row {
	if i := d.MainTable(); i >= 0 {
		return d.Tables[i].Rows
	}
	return nil
}
