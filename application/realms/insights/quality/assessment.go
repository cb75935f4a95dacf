package quality

import (
	"time"

	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// ErrInsufficient is a document without anything to assess.
var ErrInsufficient = fault.New(fault.Invalid, "insufficient_data", "There are no rows and no text to assess.")

// ErrOptions is an option that makes no sense.
var ErrOptions = fault.New(fault.Invalid, "invalid_parameters", "An option of the assessment is not valid.")

// Dimension is one side of quality.
type Dimension string

// The dimensions.
const (
	Completeness Dimension = "completeness"
	Accuracy     Dimension = "accuracy"
	Consistency  Dimension = "consistency"
	Uniqueness   Dimension = "uniqueness"
	Timeliness   Dimension = "timeliness"
)

// Severity is how much an issue matters.
type Severity string

// The severities.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

// MaxRows is how many rows an issue names.
const MaxRows = 10

// Issue is one thing that is wrong with the data. Rows count from 0 below the header; Description counts from 1, as people do.
type Issue struct {
	Code        string
	Dimension   Dimension
	Severity    Severity
	Description string
	// Table is the table's name, empty for an issue of the whole file.
	Table string
	// Column is empty for an issue of whole rows or of the file.
	Column string
	Count  int
	// Share is Count relative to the rows (or values) looked at, with four decimals.
	Share      float64
	Rows       []int
	Suggestion string
}

// Scores are 0 to 1 with six decimals; nil means that the dimension cannot be judged on this data.
type Scores struct {
	Completeness *float64
	Accuracy     *float64
	Consistency  *float64
	Uniqueness   *float64
	Timeliness   *float64
}

// ColumnQuality is the quality of one column.
type ColumnQuality struct {
	Table        string
	Column       string
	Type         document.Type
	Format       document.Format
	NullCount    int
	Completeness float64
	Accuracy     float64
	Consistency  float64
	// Overall is the mean of the three.
	Overall float64
	// Issues are the codes of the issues of this column.
	Issues []string
}

// RowFinding is a row with several problems, which is where a person should look first.
type RowFinding struct {
	Table string
	Row   int
	// Problems are "code: column", or the code alone for a problem of the whole row.
	Problems []string
}

// Assessment is the result.
type Assessment struct {
	Issues []Issue
	Scores Scores
	// Overall is the mean of the scores that are not nil.
	Overall        float64
	Grade          string
	OverallQuality string
	Columns        []ColumnQuality
	// ProblemRows are the rows named by two issues or more, worst first, at most MaxRows.
	ProblemRows []RowFinding
	// RowsAssessed counts the rows of all tables.
	RowsAssessed int

	ParsingConfidence float64
	// EmbeddingConfidence is the similarity to the given embedding; nil without one.
	EmbeddingConfidence *float64
	// RootCause is the dimension with most high issues, or "none".
	RootCause string
	// Summary is one sentence made of the figures.
	Summary string
}

// Embedding is what a comparison of the document's schema with a stored one has shown.
type Embedding struct {
	// SameSchema says that both fingerprints are equal.
	SameSchema bool
	// Similarity is 0 to 1.
	Similarity float64
	// Missing, Added and Retyped name the columns that differ, for the description.
	Missing, Added, Retyped []string
}

// Options are what a caller may ask for. Timeliness is judged only with both AsOf and MaxAgeDays.
type Options struct {
	AsOf       *time.Time
	MaxAgeDays *int
	Embedding  *Embedding
}

func (o Options) validate() error {
	if o.MaxAgeDays != nil && *o.MaxAgeDays < 0 {
		return ErrOptions.WithMsg("max_age_days must not be negative.")
	}
	if e := o.Embedding; e != nil && !(e.Similarity >= 0 && e.Similarity <= 1) {
		return ErrOptions.WithMsg("The similarity of an embedding is between 0 and 1.")
	}
	return nil
}

// RowReader walks over the rows of one table of the document, in order. The row is only used during the call.
type RowReader func(table int, visit func(row document.Row) error) error

// InMemory reads the rows that the document holds.
func InMemory(d *document.Document) RowReader {
	return func(table int, visit func(row document.Row) error) error {
		for _, row := range d.Tables[table].Rows {
			if err := visit(row); err != nil {
				return err
			}
		}
		return nil
	}
}
