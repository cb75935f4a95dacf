// Package wordtest opens word-processing documents with a library that is not ours, to see that what we write is what others read.
package wordtest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gomutex/godocx/packager"
	"github.com/gomutex/godocx/wml/ctypes"
	"github.com/stretchr/testify/require"
)

// Paragraph is a paragraph as the library reads it, outside of tables.
type Paragraph struct{ Style, Text string }

// Document is what the library finds in a file.
type Document struct {
	Paragraphs []Paragraph
	// Tables are the texts of their cells, by row.
	Tables [][][]string
}

// Styled gives the texts of the paragraphs with a style, by the style's name.
func (d Document) Styled(name string) []string {
	var texts []string
	for _, p := range d.Paragraphs {
		if p.Style == name {
			texts = append(texts, p.Text)
		}
	}
	return texts
}

// Text is all text, a paragraph or cell on each line.
func (d Document) Text() string {
	var b strings.Builder
	for _, p := range d.Paragraphs {
		b.WriteString(p.Text + "\n")
	}
	for _, table := range d.Tables {
		for _, row := range table {
			b.WriteString(strings.Join(row, "\n") + "\n")
		}
	}
	return b.String()
}

// Open reads a document: its package, relations, styles and body. A style that a paragraph names must be one that the document has.
func Open(t testing.TB, raw []byte) Document {
	t.Helper()
	root, err := packager.Unpack(&raw)
	require.NoError(t, err)
	names := map[string]string{}
	for _, s := range root.DocStyles.StyleList {
		require.NotNil(t, s.ID)
		require.NotNil(t, s.Name)
		names[*s.ID] = s.Name.Val
	}
	var d Document
	for _, child := range root.Document.Body.Children {
		if child.Para == nil {
			continue
		}
		p := child.Para.GetCT()
		style := ""
		if p.Property != nil && p.Property.Style != nil {
			require.Contains(t, names, p.Property.Style.Val)
			style = names[p.Property.Style.Val]
		}
		d.Paragraphs = append(d.Paragraphs, Paragraph{style, text(*p)})
	}
	d.Tables = tables(t, raw)
	return d
}

// tables reads the tables with the library's types; its document does not show them.
func tables(t testing.TB, raw []byte) [][][]string {
	t.Helper()
	parts, err := packager.ReadFromZip(&raw)
	require.NoError(t, err)
	decoder := xml.NewDecoder(bytes.NewReader(parts["word/document.xml"]))
	var out [][][]string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "tbl" {
			var table ctypes.Table
			require.NoError(t, table.UnmarshalXML(decoder, start))
			out = append(out, cells(table))
		}
	}
}

func cells(table ctypes.Table) [][]string {
	var rows [][]string
	for _, content := range table.RowContents {
		var row []string
		for _, c := range content.Row.Contents {
			var lines []string
			for _, block := range c.Cell.Contents {
				if block.Paragraph != nil {
					lines = append(lines, text(*block.Paragraph))
				}
			}
			row = append(row, strings.Join(lines, "\n"))
		}
		rows = append(rows, row)
	}
	return rows
}

func text(p ctypes.Paragraph) string {
	var b strings.Builder
	for _, child := range p.Children {
		if child.Run == nil {
			continue
		}
		for _, c := range child.Run.Children {
			switch {
			case c.Text != nil:
				b.WriteString(c.Text.Text)
			case c.Break != nil:
				b.WriteString("\n")
			}
		}
	}
	return b.String()
}
