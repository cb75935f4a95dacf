package content

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/chunks"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of a search: the newest files, and of each so many rows and so much text.
const (
	searchedFiles = 1_000
	searchedRows  = 100_000
	searchedBytes = 32 << 20
	snippetBytes  = 240
)

type searchParameters struct {
	Query string `json:"query"`
	Type  string `json:"search_type"`
	Limit int    `json:"limit"`
}

// hit is what a search has found in one file.
type hit struct {
	FileID   string         `json:"file_id"`
	Name     string         `json:"ui_name"`
	FileType string         `json:"file_type"`
	ParsedID string         `json:"parsed_file_id,omitempty"`
	Score    float64        `json:"score"`
	In       []string       `json:"matched_in"`
	Path     string         `json:"path,omitempty"`
	Snippet  string         `json:"snippet,omitempty"`
	counts   map[string]int // term → how often
	words    int
	named    map[string]bool
}

// found is the stored result of a search.
type found struct {
	Hits     []hit `json:"hits"`
	Total    int   `json:"total"`
	Searched int   `json:"searched"`
	// Partial tells that not all files, or not all of a file, were looked at.
	Partial bool `json:"partial"`
}

func (r *Realm) searchFiles(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[searchParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	terms := slices.Compact(slices.Sorted(slices.Values(wordsOf(in.Query))))
	if len(terms) == 0 {
		return ports.IntentResult{}, wrong("query", "invalid", "has no word to look for.")
	}
	if in.Limit == 0 {
		in.Limit = 20
	}
	done, err := steps.Run(ctx, call, "search", func(ctx context.Context, _ string) (found, error) {
		return r.search(ctx, call, terms, first(in.Type, "both"), in.Limit)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	if done.Hits == nil {
		done.Hits = []hit{}
	}
	raw, err := json.Marshal(done.Hits)
	if err != nil {
		return ports.IntentResult{}, fault.As(err)
	}
	return ports.IntentResult{Artifacts: []ports.ResultArtifact{view(keySearchResults, shown("search_results", map[string]any{
		"query": in.Query, "search_type": first(in.Type, "both"), "results": json.RawMessage(raw), "count": len(done.Hits), "total": done.Total,
		"files_searched": done.Searched, "partial": done.Partial,
	}))}}, nil
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// candidate is a file with its newest parsed document, if there is one.
type candidate struct {
	file, parsed artifact.Snapshot
}

func (r *Realm) candidates(ctx context.Context, call ports.IntentCall) (list []candidate, more bool, err error) {
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		list, more = nil, false
		for len(list) < searchedFiles {
			files, total, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{Types: []string{artifacts.TypeFile}}, ports.Window{Limit: artifacts.MaxWindow, Offset: len(list)})
			if err != nil {
				return err
			}
			for _, f := range files {
				c := candidate{file: f.Snapshot()}
				docs, _, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{Types: []string{artifacts.TypeParsedContent}, ParentID: f.ID()}, ports.Window{Limit: 1})
				if err != nil {
					return err
				}
				if len(docs) > 0 {
					c.parsed = docs[0].Snapshot()
				}
				list = append(list, c)
			}
			more = int64(len(list)) < total
			if len(files) == 0 || !more {
				return nil
			}
		}
		return nil
	})
	return list, more, err
}

// search scores files by how often the terms occur in them, weighted by how few files have them (tf-idf); a term in the name counts as one word in
// ten of it.
func (r *Realm) search(ctx context.Context, call ports.IntentCall, terms []string, where string, limit int) (found, error) {
	list, more, err := r.candidates(ctx, call)
	if err != nil {
		return found{}, err
	}
	out := found{Searched: len(list), Partial: more}
	frequency := map[string]int{}
	for _, c := range list {
		h := hit{FileID: c.file.ID, Name: c.file.Name, FileType: c.file.Format, ParsedID: c.parsed.ID, counts: map[string]int{}, named: map[string]bool{}}
		if where != "content" {
			h.name(c.file, terms)
		}
		if where != "name" && c.parsed.ID != "" && (c.parsed.ExpiresAt.IsZero() || r.Clock.Now().Before(c.parsed.ExpiresAt)) {
			partial, err := r.look(ctx, c.parsed, terms, &h)
			if err != nil && !errors.Is(err, artifact.ErrExpired) {
				return found{}, err
			}
			out.Partial = out.Partial || partial
		}
		for _, t := range terms {
			if h.counts[t] > 0 || h.named[t] {
				frequency[t]++
			}
		}
		if len(h.In) > 0 {
			out.Hits = append(out.Hits, h)
		}
	}
	for i := range out.Hits {
		out.Hits[i].score(terms, frequency, len(list))
	}
	slices.SortStableFunc(out.Hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.FileID, b.FileID))
	})
	out.Total = len(out.Hits)
	out.Hits = out.Hits[:min(limit, len(out.Hits))]
	return out, nil
}

func (h *hit) name(file artifact.Snapshot, terms []string) {
	for _, w := range wordsOf(file.Name) {
		if slices.Contains(terms, w) {
			h.named[w] = true
		}
	}
	if len(h.named) > 0 {
		h.In = append(h.In, "name")
	}
}

func (h *hit) score(terms []string, frequency map[string]int, files int) {
	for _, t := range terms {
		tf := 0.0
		if h.words > 0 {
			tf = float64(h.counts[t]) / float64(h.words)
		}
		if h.named[t] {
			tf += 0.1
		}
		if frequency[t] > 0 {
			h.Score += tf * math.Log(1+float64(files)/float64(frequency[t]))
		}
	}
	h.Score = math.Round(h.Score*1e6) / 1e6
}

var errSearched = errors.New("enough was looked at")

// look counts the terms in a document and keeps the piece with the most different ones.
func (r *Realm) look(ctx context.Context, a artifact.Snapshot, terms []string, h *hit) (partial bool, err error) {
	doc, err := r.documents.Open(ctx, a)
	if err != nil {
		return false, err
	}
	best, read := 0, 0
	err = chunks.Cut(doc.Document, h.FileID, someRows(ctx, doc, &partial), func(c chunks.Chunk) error {
		if read += len(c.Text); read > searchedBytes {
			return errSearched
		}
		words := wordsOf(c.Text)
		h.words += len(words)
		different := map[string]bool{}
		for _, w := range words {
			if _, ok := slices.BinarySearch(terms, w); ok {
				h.counts[w]++
				different[w] = true
			}
		}
		if len(different) > best {
			best = len(different)
			h.Path, h.Snippet = clip(c.Path, textBudget), snippet(c.Text, terms)
		}
		return nil
	})
	if errors.Is(err, errSearched) {
		partial, err = true, nil
	}
	if best > 0 {
		h.In = append(h.In, "content")
	}
	return partial, err
}

func someRows(ctx context.Context, doc parsed.Document, partial *bool) chunks.Rows {
	return func(table int, visit func(n int, row document.Row) error) error {
		*partial = *partial || doc.Tables[table].RowCount > searchedRows
		return doc.Rows(ctx, table, 0, searchedRows, visit)
	}
}

// snippet is the text around the first term.
func snippet(text string, terms []string) string {
	lower := strings.ToLower(text)
	at := len(lower)
	for _, t := range terms {
		if i := strings.Index(lower, t); i >= 0 {
			at = min(at, i)
		}
	}
	from := max(at-snippetBytes/3, 0)
	if len(lower) != len(text) || from >= len(text) {
		from = 0 // some letters change their length in lower case
	}
	for from > 0 && text[from]&0xC0 == 0x80 {
		from--
	}
	out := strings.Join(strings.Fields(clip(text[from:], snippetBytes)), " ")
	if from > 0 {
		out = "…" + out
	}
	return out
}
