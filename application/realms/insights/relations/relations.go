// Package relations finds how columns and tables hang together: which refer to which, and which decide which.
package relations

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/domain/document"
)

// Bounds of the work, and the thresholds.
const (
	// Included is the share of different values from which on a column refers to another.
	Included = 0.95
	// NearName is the similarity from which on two names mean the same.
	NearName = 0.75
	// MinRows is how many rows a dependency needs.
	MinRows = 10
	// MaxDependent is how many columns of a table are compared with each other: the first ones.
	MaxDependent = 30
	// MaxTables is how many tables are compared with each other.
	MaxTables = 50
	// MaxColumns is how many columns of a table are compared.
	MaxColumns = 200
	// MaxAll is how many columns of all tables are compared.
	MaxAll = 2000
	// MaxKeys is how many of them may be referred to.
	MaxKeys = 300
	// MaxDependencyRows is how many rows of a table are looked at for dependencies.
	MaxDependencyRows = 100_000
	// MaxDependencyValues is how many different values of a table are kept for that.
	MaxDependencyValues = 1_000_000
)

// Kinds of relationships.
const (
	// ForeignKey: the values of a column are among those of a column without repeats.
	ForeignKey = "foreign_key"
	// NamedReference: a column x_id, and a table x, whose values do not fit or cannot be compared.
	NamedReference = "named_reference"
	// Identifies: columns x_id and x of one table.
	Identifies = "identifies"
	// Determines: equal values in one column go with equal values in the other.
	Determines = "determines"
)

// Place is a column of a table.
type Place struct{ Document, Table, Column string }

// Relationship leads from one column to another.
type Relationship struct {
	Kind     string
	From, To Place
	// Inclusion is the share of the different values of From that To has; NameSimilarity how near the names are.
	Inclusion, NameSimilarity float64
	// Confidence is computed: see the kinds' documentation.
	Confidence float64
	// Cardinality is one_to_one or many_to_one, empty where it is not known.
	Cardinality string
	// Rows is how many rows carry a dependency.
	Rows int
}

// Table is a table with its profile.
type Table struct {
	Document string
	Name     string
	Columns  []*profile.Column
}

func (t Table) place(c *profile.Column) Place { return Place{t.Document, t.Name, c.Name} }

func round(f float64) float64 { return math.Round(f*1e6) / 1e6 }

// Consider gives the tables with those of their columns that are compared with each other; cut tells that some are not.
func Consider(tables []Table) (out []Table, cut bool) {
	all := 0
	for _, t := range tables[:min(len(tables), MaxTables)] {
		n := min(len(t.Columns), MaxColumns, MaxAll-all)
		cut = cut || n < len(t.Columns)
		all += n
		t.Columns = t.Columns[:n]
		out = append(out, t)
	}
	return out, cut || len(tables) > MaxTables
}

// key is a column that may be referred to, in its table.
type key struct {
	table  Table
	column *profile.Column
}

// References finds foreign keys by inclusion, between tables and within one, and names that promise one, among the columns that Consider
// gives. The order is that of the tables.
func References(tables []Table) []Relationship {
	var keys []key
	for _, t := range tables {
		for _, c := range t.Columns {
			if c.Unique() && c.Filled > 1 && len(keys) < MaxKeys {
				keys = append(keys, key{t, c})
			}
		}
	}
	var out []Relationship
	for _, from := range tables {
		for _, c := range from.Columns {
			out = append(out, references(tables, keys, from, c)...)
		}
	}
	return out
}

// references gives what a column refers to: its best foreign keys first; without any, tables that it is named after.
func references(tables []Table, candidates []key, from Table, c *profile.Column) []Relationship {
	var keys, names []Relationship
	for _, k := range candidates {
		if k.column == c {
			continue
		}
		if r, ok := foreignKey(from, c, k.table, k.column); ok {
			keys = append(keys, r)
		}
	}
	for _, to := range tables {
		if r, ok := namedAfter(from, c, to); ok {
			names = append(names, r)
		}
	}
	if len(keys) == 0 {
		return names
	}
	slices.SortStableFunc(keys, func(a, b Relationship) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return keys
}

// foreignKey holds if the values of c are among those of k, which has no repeats, and a name says that this is no accident: small whole
// numbers are among those of every key. Its confidence is the inclusion times the mean of 1 and the nearness of the names.
func foreignKey(from Table, c *profile.Column, to Table, k *profile.Column) (Relationship, bool) {
	if c.Type != k.Type || c.Type == document.TypeBoolean || c.Type == document.TypeFloat || c.Filled == 0 {
		return Relationship{}, false
	}
	same := from.Document == to.Document && from.Name == to.Name
	near := nearness(c.Name, to.Name, k.Name)
	if near < NearName && !(c.Type == document.TypeString && naming.IDLike(c.Name) && naming.IDLike(k.Name)) {
		return Relationship{}, false
	}
	if same && (c.Key() || !naming.IDLike(k.Name)) { // a key of the table does not refer to the table
		return Relationship{}, false
	}
	in := profile.Inclusion(c, k)
	if in < Included {
		return Relationship{}, false
	}
	kind := "many_to_one"
	if c.Unique() {
		kind = "one_to_one"
	}
	return Relationship{
		Kind: ForeignKey, From: from.place(c), To: to.place(k), Inclusion: round(in), NameSimilarity: round(near),
		Confidence: round(in * (1 + near) / 2), Cardinality: kind,
	}, true
}

// nearness is that of the column's name to the key's, alone or with the name of its table: customer_id is near to id of customers.
func nearness(column, table, key string) float64 {
	return max(naming.Similarity(column, key), naming.Similarity(column, singular(table)+" "+key))
}

// singular is the name of a table without its ending and its plural: "customers.csv" is customer.
func singular(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 6 {
		name = name[:i]
	}
	switch {
	case len(name) > 4 && strings.HasSuffix(name, "ies"):
		return name[:len(name)-3] + "y"
	case len(name) > 3 && strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss"):
		return name[:len(name)-1]
	}
	return name
}

// stem is what a column named x_id is the id of; "" for other names.
func stem(name string) string {
	words := naming.Words(name)
	if len(words) < 2 || !naming.IDLike(name) {
		return ""
	}
	return strings.Join(words[:len(words)-1], " ")
}

// namedAfter holds for a column x_id and another table x. Its confidence is that of the names, halved: the values do not say so.
func namedAfter(from Table, c *profile.Column, to Table) (Relationship, bool) {
	x := stem(c.Name)
	if x == "" || from.Document == to.Document && from.Name == to.Name {
		return Relationship{}, false
	}
	near := naming.Similarity(x, singular(to.Name))
	if near < naming.Synonym {
		return Relationship{}, false
	}
	key := ""
	in := 0.0
	for _, k := range to.Columns {
		if naming.IDLike(k.Name) && (key == "" || profile.Inclusion(c, k) > in) {
			key, in = k.Name, profile.Inclusion(c, k)
		}
	}
	return Relationship{
		Kind: NamedReference, From: from.place(c), To: Place{to.Document, to.Name, key}, Inclusion: round(in), NameSimilarity: round(near), Confidence: round(near / 2),
	}, true
}

// Identifying finds columns x_id and x (or x_name) of one table. The confidence is the nearness of the names.
func Identifying(t Table) []Relationship {
	var out []Relationship
	for _, c := range t.Columns {
		x := stem(c.Name)
		if x == "" {
			continue
		}
		for _, o := range t.Columns {
			if o == c || naming.IDLike(o.Name) {
				continue
			}
			near := max(naming.Similarity(x, o.Name), naming.Similarity(x+" name", o.Name))
			if near >= naming.Synonym {
				out = append(out, Relationship{Kind: Identifies, From: t.place(c), To: t.place(o), NameSimilarity: round(near), Confidence: round(near)})
			}
		}
	}
	return out
}
