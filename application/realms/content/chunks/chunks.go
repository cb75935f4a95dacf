// Package chunks cuts typed documents into pieces with names that stay the same as long as the text does.
package chunks

import (
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/realms/content/fingerprint"
	"github.com/symphainy/symphainy/domain/document"
)

// Chunk is one piece of a document.
type Chunk struct {
	ID   string
	Path string
	Hash string
	Text string
}

// Visit is called with one chunk after the other; its error ends the cutting.
type Visit func(Chunk) error

// cutter names chunks of one file.
type cutter struct {
	fileID string
	visit  Visit
}

func (c cutter) cut(path, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	hash := fingerprint.TextHash(text)
	return c.visit(Chunk{ID: fingerprint.ChunkID(c.fileID, path, hash), Path: path, Hash: hash, Text: text})
}

// Rows gives the rows of a table to visit, from the first.
type Rows func(table int, visit func(n int, row document.Row) error) error

// Cut gives all chunks of a document: the rows of its tables, then its pages, sections and paragraphs, the steps of its process or
// procedure, and its data model. Blank pieces are left out; they count in the numbering.
func Cut(doc *document.Document, fileID string, rows Rows, visit Visit) error {
	c := cutter{fileID, visit}
	main := doc.MainTable()
	for i := range doc.Tables {
		prefix := ""
		if i != main {
			prefix = doc.Tables[i].Name + "/"
		}
		columns := doc.Tables[i].Columns
		err := rows(i, func(n int, row document.Row) error {
			return c.cut(fmt.Sprintf("%srow_%d", prefix, n), fingerprint.Row(columns, row))
		})
		if err != nil {
			return err
		}
	}
	for _, cut := range []func(*document.Document) error{c.text, c.workflow, c.procedure, c.schema} {
		if err := cut(doc); err != nil {
			return err
		}
	}
	return nil
}

// text cuts pages where there are any, else sections with the paragraphs right below each, and the paragraphs that are in none.
func (c cutter) text(doc *document.Document) error {
	if len(doc.Pages) > 0 {
		for i, p := range doc.Pages {
			if err := c.cut(fmt.Sprintf("page_%d", i), p.Text); err != nil {
				return err
			}
		}
		return nil
	}
	texts := make(map[int]document.Paragraph, len(doc.Paragraphs))
	for _, p := range doc.Paragraphs {
		texts[p.Index] = p
	}
	taken := map[int]bool{}
	// A paragraph stands in its innermost section, which is the last that lists it.
	for i := len(doc.Sections) - 1; i >= 0; i-- {
		for _, p := range doc.Sections[i].Paragraphs {
			taken[p] = true
		}
	}
	for i, s := range doc.Sections {
		parts := []string{s.Title}
		for _, p := range s.Paragraphs {
			if i+1 < len(doc.Sections) && contains(doc.Sections[i+1:], s.Path, p) {
				continue
			}
			parts = append(parts, texts[p].Text)
		}
		if err := c.cut(fmt.Sprintf("section_%d", i), strings.Join(parts, "\n\n")); err != nil {
			return err
		}
	}
	for _, p := range doc.Paragraphs {
		if taken[p.Index] || p.Style == document.StyleHeading && len(doc.Sections) > 0 {
			continue
		}
		if err := c.cut(fmt.Sprintf("paragraph_%d", p.Index), p.Text); err != nil {
			return err
		}
	}
	return nil
}

// contains says whether a section below path lists the paragraph too.
func contains(later []document.Section, path string, paragraph int) bool {
	for _, s := range later {
		if !strings.HasPrefix(s.Path, path+" / ") {
			return false
		}
		for _, p := range s.Paragraphs {
			if p == paragraph {
				return true
			}
		}
	}
	return false
}

func (c cutter) workflow(doc *document.Document) error {
	if doc.Workflow == nil {
		return nil
	}
	tasks, gateways := 0, 0
	for _, n := range doc.Workflow.Nodes {
		var path, text string
		switch n.Type {
		case document.NodeTask:
			path, text = fmt.Sprintf("task_%d", tasks), "Task: "+n.Name
			tasks++
		case document.NodeDecision:
			path, text = fmt.Sprintf("gateway_%d", gateways), "Gateway: "+n.Name
			gateways++
		default:
			continue
		}
		if n.Description != "" {
			text += " - " + n.Description
		}
		if err := c.cut(path, text); err != nil {
			return err
		}
	}
	return nil
}

func (c cutter) procedure(doc *document.Document) error {
	if doc.SOP == nil {
		return nil
	}
	for i, s := range doc.SOP.Steps {
		if err := c.cut(fmt.Sprintf("step_%d", i), s.Text); err != nil {
			return err
		}
	}
	return nil
}

func (c cutter) schema(doc *document.Document) error {
	if doc.Schema == nil {
		return nil
	}
	list := make([]document.Value, len(doc.Schema.Properties))
	for i, p := range doc.Schema.Properties {
		types := make([]document.Value, len(p.Types))
		for k, t := range p.Types {
			types[k] = document.Text(t)
		}
		list[i] = document.Object([]document.Member{
			{Name: "description", Value: document.Text(p.Description)}, {Name: "name", Value: document.Text(p.Path)},
			{Name: "required", Value: document.Boolean(p.Required)}, {Name: "types", Value: document.Array(types)},
		})
	}
	return c.cut("schema", fingerprint.Canonical(document.Array(list)))
}
