package insights

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/fingerprint"
	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/application/realms/insights/quality"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// typeEmbedding is the type of the fingerprints that the content realm makes of a document: a record of fact, which may outlive it.
const typeEmbedding = "deterministic_embedding"

// embedding finds fingerprints; an unknown or foreign id, and one of another type, is fault.ErrNotFound.
func (r *Realm) embedding(ctx context.Context, call ports.IntentCall, id string) (artifact.Snapshot, error) {
	var found artifact.Snapshot
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := artifacts.Find(ctx, tx, scope, typeEmbedding, id)
		found = a.Snapshot()
		return err
	})
	return found, err
}

// stored is what fingerprints say of the main table of their document.
type storedSchema struct {
	MainTable   string `json:"main_table"`
	Fingerprint string `json:"schema_fingerprint"`
	RowCount    int    `json:"row_count"`
	Schema      []struct {
		Name        string   `json:"name"`
		Type        string   `json:"type"`
		Format      string   `json:"format"`
		Position    int      `json:"position"`
		Nullable    bool     `json:"nullable"`
		Constraints []string `json:"constraints"`
	} `json:"schema"`
	Signatures map[string]json.RawMessage `json:"pattern_signature"`
}

func schemaOf(s artifact.Snapshot) (storedSchema, error) {
	var x storedSchema
	if err := json.Unmarshal(s.Payload, &x); err != nil {
		return x, fault.As(err)
	}
	if len(x.Schema) == 0 {
		return x, fault.New(fault.Invalid, "insufficient_data", "The embedding has no columns.")
	}
	return x, nil
}

// columns are those of the fingerprints, as a parser would give them.
func (x storedSchema) columns() []document.Column {
	out := make([]document.Column, 0, len(x.Schema))
	for _, c := range x.Schema {
		col := document.Column{
			Name: c.Name, Label: c.Name, Position: c.Position, Type: document.Type(c.Type), Format: document.Format(c.Format), Nullable: c.Nullable,
		}
		for _, rule := range c.Constraints {
			kind, values, isEnum := strings.Cut(rule, ":")
			if isEnum {
				col.Constraints = append(col.Constraints, document.Constraint{Kind: kind, Values: strings.Split(values, "|")})
			} else {
				col.Constraints = append(col.Constraints, document.Constraint{Kind: kind})
			}
		}
		out = append(out, col)
	}
	return out
}

// profiles are the columns with what their signatures say of the values. Which values there are, they do not say.
func (x storedSchema) profiles() []*profile.Column {
	columns := x.columns()
	out := make([]*profile.Column, len(columns))
	for i := range columns {
		c := &profile.Column{Column: &columns[i], Table: x.MainTable, Distinct: -1}
		var s struct {
			Total   int             `json:"total_count"`
			Nulls   int             `json:"null_count"`
			Min     json.RawMessage `json:"min"`
			Max     json.RawMessage `json:"max"`
			Samples []string        `json:"samples"`
		}
		if raw := x.Signatures[columns[i].Name]; len(raw) > 0 && json.Unmarshal(raw, &s) == nil { // a table without rows has no signatures
			c.Rows, c.Filled, c.Samples = s.Total, s.Total-s.Nulls, s.Samples
			c.Min, c.Max = numberOf(s.Min), numberOf(s.Max)
		}
		out[i] = c
	}
	return out
}

// numberOf reads a number that is written as one or as a text; nil if there is none.
func numberOf(raw json.RawMessage) *float64 {
	f, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil {
		return nil
	}
	return &f
}

// compared holds the main table of a document against fingerprints.
func compared(doc *document.Document, embedding artifact.Snapshot) (*quality.Embedding, error) {
	x, err := schemaOf(embedding)
	if err != nil {
		return nil, err
	}
	main := doc.MainTable()
	if main < 0 {
		return nil, fault.New(fault.Invalid, "insufficient_data", "deterministic_embedding_id: the document has no table to compare with it.")
	}
	have := doc.Tables[main].Columns
	d := fingerprint.Compare(have, x.columns())
	if fingerprint.Schema(have) == x.Fingerprint {
		d = fingerprint.Difference{Same: true, Similarity: 1}
	}
	return &quality.Embedding{SameSchema: d.Same, Similarity: d.Similarity, Missing: d.Missing, Added: d.Added, Retyped: d.Retyped}, nil
}
