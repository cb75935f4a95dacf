package document

import (
	"slices"
	"strings"
)

// Row is the cells of one row, one per column of its table.
type Row []Value

// Table is a table with typed columns. Rows is nil where the rows were streamed to a sink; RowCount and Preview are always set.
type Table struct {
	Name string
	// Source is where in the file the table was found: a sheet, a member path, or empty for the file itself.
	Source   string
	Columns  []Column
	Rows     []Row
	Preview  []Row
	RowCount int
	// Truncated says that the source had more rows than were asked for.
	Truncated bool
}

// Column finds a column by its name.
func (t *Table) Column(name string) (*Column, bool) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// Type is how the cells of a column are stored.
type Type string

// The storage types. Float is an exact decimal text; a date is YYYY-MM-DD, a datetime ISO 8601.
const (
	TypeInteger  Type = "integer"
	TypeFloat    Type = "float"
	TypeBoolean  Type = "boolean"
	TypeDate     Type = "date"
	TypeDateTime Type = "datetime"
	TypeString   Type = "string"
	TypeArray    Type = "array"
	TypeObject   Type = "object"
)

// ParseType reads the name of a type; decimal is another word for float.
func ParseType(s string) (Type, bool) {
	switch t := Type(s); t {
	case TypeInteger, TypeFloat, TypeBoolean, TypeDate, TypeDateTime, TypeString, TypeArray, TypeObject:
		return t, true
	case "decimal":
		return TypeFloat, true
	default:
		return "", false
	}
}

// Format is what the texts of a string column look like. It does not change how they are stored.
type Format string

// The formats.
const (
	FormatNone          Format = ""
	FormatEmail         Format = "email"
	FormatPhone         Format = "phone"
	FormatUUID          Format = "uuid"
	FormatURL           Format = "url"
	FormatAmbiguousDate Format = "ambiguous_date"
)

// Constraint kinds.
const (
	ConstraintRequired = "required"
	ConstraintEnum     = "enum"
)

// Constraint is a rule that the source declares for a column.
type Constraint struct {
	Kind string
	// Values are the allowed texts of an enum.
	Values []string
}

// String is the constraint in one stable text: required, or enum:a|b with the values sorted.
func (c Constraint) String() string {
	if c.Kind != ConstraintEnum {
		return c.Kind
	}
	return c.Kind + ":" + strings.Join(slices.Sorted(slices.Values(c.Values)), "|")
}

// LayoutUse says how often one way of writing dates occurs in a column, with its first rows.
type LayoutUse struct {
	Layout string
	Count  int
	Rows   []int
}

// Column is a column of a table. Name is unique within the table and never empty.
type Column struct {
	Name string
	// Label is the header as it stands in the source.
	Label string
	// Position counts from 0.
	Position int
	Type     Type
	Format   Format
	// Nullable is true unless the source declares otherwise; it does not say whether a null occurs (NullCount does).
	Nullable    bool
	Constraints []Constraint
	NullCount   int
	// Layouts are the ways in which dates were written, most used first; set for date and datetime columns.
	Layouts []LayoutUse
}

// Fits says whether the value is what the column's type asks for. Null fits every column.
func (c *Column) Fits(v Value) bool {
	switch v.Kind() {
	case KindNull:
		return true
	case KindInteger:
		return c.Type == TypeInteger
	case KindFloat:
		return c.Type == TypeFloat
	case KindBoolean:
		return c.Type == TypeBoolean
	case KindDate:
		return c.Type == TypeDate
	case KindDateTime:
		return c.Type == TypeDateTime
	case KindArray:
		return c.Type == TypeArray
	case KindObject:
		return c.Type == TypeObject
	case KindString:
		return c.Type == TypeString
	default:
		return false
	}
}
