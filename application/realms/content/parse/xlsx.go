package parse

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/symphainy/symphainy/domain/document"
)

const (
	xlsxSheetLimit = 1_000
	// xlsxStreamed is the unpacked size from which a sheet is read from disk instead of memory.
	xlsxStreamed = 16 << 20
)

// xlsxParser reads workbooks: a table per sheet, its first row the header, formulas by the value that was stored with them.
type xlsxParser struct{}

func newXLSX() Parser { return xlsxParser{} }

func (xlsxParser) Format() string       { return "xlsx" }
func (xlsxParser) Extensions() []string { return []string{"xlsx", "xlsm"} }
func (xlsxParser) Profile() string      { return ProfileStructured }
func (xlsxParser) binary() bool         { return true }

func (xlsxParser) signature() string { return signatureZIP }

// Probe is not asked; the container proves what it is.
func (xlsxParser) Probe(*source) bool { return false }

func (xlsxParser) certain(s *source) bool { return s.holds("xl/workbook.xml") }

// xlsxFile is a workbook while it is read.
type xlsxFile struct {
	job  *Job
	book *excelize.File
	doc  *document.Document
}

func (xlsxParser) Parse(job *Job) (_ *document.Document, err error) {
	a, err := openArchive(job.src)
	if err != nil {
		return nil, err
	}
	if err := a.verify(job.Limits); err != nil {
		return nil, err
	}
	if a.files["xl/workbook.xml"] == nil {
		return nil, malformed("The container holds no workbook.")
	}
	in, err := job.src.raw()
	if err != nil {
		return nil, err
	}
	book, err := excelize.OpenReader(in, excelize.Options{UnzipSizeLimit: zipUnpackedLimit, UnzipXMLSizeLimit: xlsxStreamed})
	if err != nil {
		if job.src.ctx.Err() != nil {
			return nil, job.src.ctx.Err()
		}
		return nil, malformed("The workbook cannot be opened.").Because(err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	f := &xlsxFile{job: job, book: book, doc: job.newDocument("xlsx")}
	if err := f.plainNumbers(); err != nil {
		return nil, err
	}
	if err := f.sheets(); err != nil {
		return nil, err
	}
	return f.doc, nil
}

// plainNumbers rewrites the number formats of the workbook in memory, so that every number comes out as it is stored and every date
// in ISO form: how a cell is shown (1,234.50 €) is no part of its value, that it is a date is.
func (f *xlsxFile) plainNumbers() error {
	styles := f.book.Styles
	if styles == nil || styles.CellXfs == nil {
		return nil
	}
	shown := len(styles.CellXfs.Xf)
	ids := map[dateStyle]*int{noDate: new(int)}
	*ids[noDate] = 1 << 20 // no format has this number: the stored text comes out
	for style, code := range map[dateStyle]string{dayOnly: "yyyy-mm-dd", dayAndTime: `yyyy-mm-dd\Thh:mm:ss`, timeOnly: "hh:mm:ss"} {
		id, err := f.book.NewStyle(&excelize.Style{CustomNumFmt: &code})
		if err != nil {
			return malformed("The styles of the workbook cannot be read.").Because(err)
		}
		ids[style] = styles.CellXfs.Xf[id].NumFmtID
	}
	for i := range shown {
		style, err := f.book.GetStyle(i)
		if err != nil {
			return malformed("The styles of the workbook cannot be read.").Because(err)
		}
		code := ""
		if style.CustomNumFmt != nil {
			code = *style.CustomNumFmt
		}
		styles.CellXfs.Xf[i].NumFmtID = ids[dateStyleOf(style.NumFmt, code)]
	}
	return nil
}

// dateStyle is what a number format makes of a number.
type dateStyle uint8

const (
	noDate dateStyle = iota
	dayOnly
	dayAndTime
	timeOnly
)

// dateStyleOf reads the number of a built-in format or the code of another.
func dateStyleOf(id int, code string) dateStyle {
	if code != "" {
		return dateStyleOfCode(code)
	}
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return dayOnly
	case id == 22:
		return dayAndTime
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return timeOnly
	default:
		return noDate
	}
}

// dateStyleOfCode looks for the letters of dates outside of quotes and brackets, in the section for positive numbers.
func dateStyleOfCode(code string) dateStyle {
	var letters strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			i = len(code)
		case '"':
			for i++; i < len(code) && code[i] != '"'; i++ {
			}
		case '\\', '_', '*':
			i++
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return noDate
			}
			if inner := strings.ToLower(code[i+1 : i+end]); strings.Trim(inner, "hms") == "" {
				return noDate // hours that go on beyond a day: a duration
			}
			i += end
		default:
			letters.WriteByte(c)
		}
	}
	s := strings.ToLower(letters.String())
	if strings.Contains(s, "general") || strings.ContainsAny(s, "#0?@%") && !strings.ContainsAny(s, "yd") {
		return noDate
	}
	clock := strings.ContainsAny(s, "hs")
	day := strings.ContainsAny(s, "yd") || strings.Contains(s, "mmm")
	switch {
	case day && clock:
		return dayAndTime
	case day:
		return dayOnly
	case clock:
		return timeOnly
	default:
		return noDate
	}
}

// sheets reads the sheets that were asked for.
func (f *xlsxFile) sheets() error {
	names := f.book.GetSheetList()
	if int64(len(names)) > xlsxSheetLimit {
		return exceeded("sheets", xlsxSheetLimit, int64(len(names)), "")
	}
	if asked := f.job.Options.Sheet; asked != "" {
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, asked) })
		if i < 0 {
			return badOption("sheet", fmt.Sprintf("there is no sheet %q; the sheets are %s", clip(asked), clip(strings.Join(names, ", "))))
		}
		names = names[i : i+1]
	}
	for _, name := range names {
		if err := f.sheet(name); err != nil {
			return err
		}
	}
	if len(f.doc.Tables) == 0 {
		return ErrEmpty.WithMsg("The workbook has no sheet with content.")
	}
	f.doc.Metadata.RecordCount = f.doc.Tables[f.doc.MainTable()].RowCount
	f.doc.Metadata.Counts["sheets"] = len(f.doc.Tables)
	header := f.job.Options.HasHeader == nil || *f.job.Options.HasHeader
	f.doc.Metadata.HasHeader = &header
	return nil
}

func (f *xlsxFile) sheet(name string) error {
	g := newGrid(name, f.job)
	err := f.each(name, func(_ int, record []string) error { return g.look(withoutErrors(record)) })
	if err != nil {
		return err
	}
	if !g.begun {
		f.doc.Warnings.Add(document.Finding{Code: "empty_sheet", Table: name, Row: -1, Offset: -1, Message: fmt.Sprintf("The sheet %q is empty.", clip(name))})
		return nil
	}
	f.doc.Tables = append(f.doc.Tables, document.Table{Source: "sheet " + name})
	if err := g.begin(f.job.sink, len(f.doc.Tables)-1, &f.doc.Tables[len(f.doc.Tables)-1]); err != nil {
		return err
	}
	err = f.each(name, func(line int, record []string) error {
		f.formulaErrors(g, line, record)
		return g.write(f.doc, record)
	})
	if err != nil {
		return err
	}
	g.end(f.doc)
	return nil
}

// each walks over the rows of a sheet; line is the number of the row as a person sees it.
func (f *xlsxFile) each(sheet string, visit func(line int, record []string) error) (err error) {
	rows, err := f.book.Rows(sheet)
	if err != nil {
		if strings.Contains(err.Error(), "not a worksheet") { // a chart
			return nil
		}
		return malformed("The sheet %q cannot be read.", clip(sheet)).Because(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for line := 1; rows.Next(); line++ {
		if err := f.job.src.ctx.Err(); err != nil {
			return err
		}
		record, err := rows.Columns()
		if err != nil {
			return malformed("Row %d of the sheet %q cannot be read.", line, clip(sheet)).Because(err)
		}
		if err := visit(line, record); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
	if err := rows.Error(); err != nil && !errors.Is(err, io.EOF) {
		return malformed("The sheet %q cannot be read.", clip(sheet)).Because(err)
	}
	return nil
}

// formulaFailures are the results of broken formulas.
var formulaFailures = []string{"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"} //nolint:gochecknoglobals // a read-only table

func brokenFormula(cell string) bool {
	return strings.HasPrefix(cell, "#") && slices.Contains(formulaFailures, cell)
}

// withoutErrors empties the cells of broken formulas, so that they are not taken for text.
func withoutErrors(record []string) []string {
	for i, c := range record {
		if brokenFormula(c) {
			record[i] = ""
		}
	}
	return record
}

// formulaErrors notes and empties the broken formulas of a row that is about to be written.
func (f *xlsxFile) formulaErrors(g *grid, line int, record []string) {
	header := g.header() && !g.skipped
	for i, c := range record {
		if !brokenFormula(c) {
			continue
		}
		record[i] = ""
		if header || i >= len(g.out.columns) || g.out.table.RowCount == g.rows {
			continue
		}
		f.doc.CellErrors.Add(document.Finding{
			Code: "formula_error", Table: g.name, Row: g.out.table.RowCount, Column: g.out.columns[i].Name, Offset: -1,
			Message: fmt.Sprintf("Row %d of the sheet: the formula gives %s; the cell was left empty.", line, c),
		})
	}
}
