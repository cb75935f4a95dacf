// Package docx writes word-processing documents (Office Open XML): headings, paragraphs, lists and tables, which is what reports need.
// Equal content gives equal bytes. Every text is data: nothing in it becomes a field, a link or markup.
package docx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// MediaType is the media type of what Bytes gives.
const MediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// maxHeading is the deepest level of headings that the styles know.
const maxHeading = 4

// Document is a document while it is written, from top to bottom. Make it with New. It is not safe for concurrent use.
type Document struct {
	title string
	body  bytes.Buffer
	lists int
}

// New starts a document; the title stands on top of it and in its properties. Without a title it starts with what comes next.
func New(title string) *Document {
	d := &Document{title: title}
	if title != "" {
		d.styled("Title", "", title)
	}
	return d
}

// Heading writes a heading; levels below 1 are 1, those beyond 4 are 4.
func (d *Document) Heading(level int, text string) {
	d.styled(fmt.Sprintf("Heading%d", min(max(level, 1), maxHeading)), "", text)
}

// Paragraph writes a paragraph; line breaks in the text stay line breaks.
func (d *Document) Paragraph(text string) { d.styled("", "", text) }

// Field writes a paragraph that starts with a label in bold.
func (d *Document) Field(label, text string) {
	d.body.WriteString(`<w:p><w:r><w:rPr><w:b/></w:rPr>`)
	d.text(label + ": ")
	d.body.WriteString(`</w:r>`)
	d.run(text)
	d.body.WriteString(`</w:p>`)
}

// Bullets writes a list with bullets.
func (d *Document) Bullets(items ...string) {
	for _, item := range items {
		d.styled("ListBullet", numbered(bullets), item)
	}
}

// Numbered writes a list that is numbered from 1.
func (d *Document) Numbered(items ...string) {
	d.lists++
	for _, item := range items {
		d.styled("ListNumber", numbered(bullets+d.lists), item)
	}
}

// Table writes a table whose first row, if there is one, is repeated on every page. Rows that are too short are filled up; a table without
// columns is not written.
func (d *Document) Table(header []string, rows [][]string) {
	columns := len(header)
	for _, row := range rows {
		columns = max(columns, len(row))
	}
	if columns == 0 {
		return
	}
	d.body.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="5000" w:type="pct"/></w:tblPr><w:tblGrid>`)
	for range columns {
		fmt.Fprintf(&d.body, `<w:gridCol w:w="%d"/>`, textWidth/columns)
	}
	d.body.WriteString(`</w:tblGrid>`)
	if len(header) > 0 {
		d.row(header, columns, true)
	}
	for _, row := range rows {
		d.row(row, columns, false)
	}
	// A paragraph must follow: two tables in a row would be one.
	d.body.WriteString(`</w:tbl><w:p/>`)
}

func (d *Document) row(cells []string, columns int, head bool) {
	d.body.WriteString(`<w:tr><w:trPr><w:cantSplit/>`)
	if head {
		d.body.WriteString(`<w:tblHeader/>`)
	}
	d.body.WriteString(`</w:trPr>`)
	for i := range columns {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		fmt.Fprintf(&d.body, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>`, textWidth/columns)
		style := "TableText"
		if head {
			d.body.WriteString(`<w:shd w:val="clear" w:color="auto" w:fill="E8EEF4"/>`)
			style = "TableHead"
		}
		d.body.WriteString(`</w:tcPr>`)
		d.styled(style, "", cell)
		d.body.WriteString(`</w:tc>`)
	}
	d.body.WriteString(`</w:tr>`)
}

// styled writes a paragraph with a style and further properties.
func (d *Document) styled(style, properties, text string) {
	d.body.WriteString(`<w:p>`)
	if style != "" || properties != "" {
		d.body.WriteString(`<w:pPr>`)
		if style != "" {
			fmt.Fprintf(&d.body, `<w:pStyle w:val="%s"/>`, style)
		}
		d.body.WriteString(properties + `</w:pPr>`)
	}
	d.run(text)
	d.body.WriteString(`</w:p>`)
}

func (d *Document) run(text string) {
	if text == "" {
		return
	}
	d.body.WriteString(`<w:r>`)
	d.text(text)
	d.body.WriteString(`</w:r>`)
}

// text writes the inside of a run: the text itself, with its line breaks.
func (d *Document) text(text string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			d.body.WriteString(`<w:br/>`)
		}
		d.body.WriteString(`<w:t xml:space="preserve">` + escape(line) + `</w:t>`)
	}
}

// escape makes a text character data; characters that XML does not have become U+FFFD.
func escape(s string) string {
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func numbered(list int) string {
	return fmt.Sprintf(`<w:numPr><w:ilvl w:val="0"/><w:numId w:val="%d"/></w:numPr>`, list)
}

// Bytes gives the document as a file.
func (d *Document) Bytes() ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range []struct{ name, content string }{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", relations},
		{"docProps/core.xml", head + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"` +
			` xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` + escape(d.title) + `</dc:title></cp:coreProperties>`},
		{"word/document.xml", head + `<w:document ` + namespace + `><w:body>` + d.body.String() + page + `</w:body></w:document>`},
		{"word/_rels/document.xml.rels", documentRelations},
		{"word/styles.xml", styles},
		{"word/numbering.xml", numbering(d.lists)},
	} {
		// The time is constant: the bytes depend on the content alone.
		w, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(part.content)); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
