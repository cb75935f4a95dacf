package structured

import (
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// ErrInsufficient is a table without rows.
var ErrInsufficient = fault.New(fault.Invalid, "insufficient_data", "There are no rows to analyze.")

// Bounds of the work.
const (
	// MaxRows is how many rows a table may have.
	MaxRows = 8 << 20
	// HeldNumbers and HeldRows are what one reading of the table keeps, unless the input says otherwise.
	HeldNumbers = 4 << 20
	HeldRows    = 1 << 20
	// MaxCompared is how many numeric columns are compared with each other, with groups and with months: the first ones.
	MaxCompared = 50
	// MaxGrouped is how many text columns rows are grouped by.
	MaxGrouped = 20
	// MaxCategories is how many values a column of categories has at most.
	MaxCategories = 50
	// MaxMonths is how many months a trend shows: the last ones.
	MaxMonths = 240
	// textHeld is how many bytes of different values are kept of one column and of a table.
	textHeld, tableTextHeld = 16 << 20, 64 << 20
	listed                  = 10
)

// Input is a table to analyze.
type Input struct {
	Table *document.Table
	// Rows walks over the table's rows in order, as often as it is called.
	Rows func(visit func(row document.Row) error) error
	// FirstLine is the line of row 0 in the file; 0 if unknown.
	FirstLine int
	// HeldNumbers and HeldRows bound what one reading keeps; 0 is the constant of that name. They change the memory and the time, not the result.
	HeldNumbers, HeldRows int
}

// Options say what is looked for.
type Options struct {
	Statistical, Patterns, Anomalies, Trends bool
}

// All looks for everything.
func All() Options { return Options{Statistical: true, Patterns: true, Anomalies: true, Trends: true} }

// Analysis is the result. Figures may be infinite where the data overflows; parts that were not asked for are empty.
type Analysis struct {
	Table         string
	Rows, Columns int
	Kinds         map[document.Type]int

	Numeric     []Numeric
	Categorical []Categorical
	Dates       []DateRange
	Groups      []Grouping

	Constant []Constant
	// Empty are the columns without any value.
	Empty   []string
	Repeats Repeats
	// Correlations are of all pairs with three common rows or more and a spread in both, strongest first.
	Correlations []Correlation

	Anomalies []Anomaly
	Trends    *Trends

	// Insights are sentences made of the figures, most telling first; there is at least one.
	Insights []string
	// Limits say what was left out because there was too much of it.
	Limits []string
}

// Numeric are the figures of a column of numbers. Booleans are no numbers.
type Numeric struct {
	Column string
	// Identifier tells that the column names things: its numbers are keys, and their mean says nothing.
	Identifier bool
	Count      int
	// NonNumeric counts values that are no numbers.
	NonNumeric   int
	Mean, Median float64
	Sum          float64
	// Mode is the most frequent number, the smallest of equals; nil if none repeats.
	Mode      *float64
	ModeCount int
	// StdDev is that of a sample; nil below two numbers, as are the quartiles.
	StdDev          *float64
	Min, Max, Range float64
	Quartiles       *[3]float64
}

// Share is a value with how often it occurs.
type Share struct {
	Value string
	Count int
	// Share is relative to the values that are there, with four decimals.
	Share float64
}

// Categorical describes a column of texts or booleans.
type Categorical struct {
	Column string
	Count  int
	// Unique is how many different values there are; −1 if there are too many to count in bounded memory.
	Unique int
	// MostCommon are the ten most frequent values; ties by value.
	MostCommon []Share
	// Distribution is all values of a column with at most MaxCategories; nil otherwise.
	Distribution []Share
}

// DateRange is the span of a column of dates, as ISO texts.
type DateRange struct {
	Column           string
	Count            int
	Earliest, Latest string
}

// Grouping is a column of numbers by the values of a column of categories.
type Grouping struct {
	By, Column string
	// Groups are by value.
	Groups []Group
}

// Group are the figures of one category.
type Group struct {
	Value               string
	Count               int
	Sum, Mean, Min, Max float64
}

// Constant is a column with the same value in every row.
type Constant struct{ Column, Value string }

// Repeats are rows equal to an earlier one in every column.
type Repeats struct {
	Count int
	Share float64
	// Rows are the first repeats, Of the rows they repeat; from 0.
	Rows, Of []int
}

// Strong is the correlation from which on columns are said to belong together.
const Strong = 0.7

// Correlation is Pearson's r of two columns over the rows that have both.
type Correlation struct {
	A, B  string
	R     float64
	Pairs int
}

// Anomaly are the outliers of a column: what lies more than 1.5 interquartile ranges outside the quartiles.
type Anomaly struct {
	Column string
	Count  int
	Share  float64
	// Values and Rows are of the first outliers, in the order of rows.
	Values    []float64
	Rows      []int
	Low, High float64
}

// Directions of a trend.
const (
	Increasing = "increasing"
	Decreasing = "decreasing"
	Stable     = "stable"
)

// Trends says how numbers go over time, or over the rows if there is no date.
type Trends struct {
	// Order is the column of dates, or "row".
	Order   string
	ByDate  bool
	Columns []Trend
	// Undated counts rows without a date; they are left out.
	Undated int
}

// Trend is that of one column.
type Trend struct {
	Column, Direction string
	// Ups and Downs count the steps from one row to the next.
	Ups, Downs  int
	First, Last float64
	Months      []Month
}

// Month are the figures of one month.
type Month struct {
	Month     string
	Count     int
	Sum, Mean float64
}
