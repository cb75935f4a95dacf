package gormstore

import (
	"context"
	"database/sql/driver"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"gorm.io/gorm/clause"

	"github.com/symphainy/symphainy/domain/fault"
)

// The statements of this file go to the driver directly: they are the store's own texts, for which gorm would only look up again what
// is known here, and they are most of what a busy server sends.

// binder makes the text and arguments that a driver takes of a text with question marks, which stand for arguments and nothing else.
type binder struct {
	numbered bool
	text     strings.Builder
	args     []any
}

func (d dialect) bind(sql string, args []any) (string, []any) {
	b := binder{numbered: !d.sqlite, args: make([]any, 0, len(args))}
	b.text.Grow(len(sql) + 2*len(args))
	b.write(sql, args)
	return b.text.String(), b.args
}

func (b *binder) write(sql string, args []any) {
	for {
		i := strings.IndexByte(sql, '?')
		if i < 0 || len(args) == 0 {
			b.text.WriteString(sql)
			return
		}
		b.text.WriteString(sql[:i])
		b.value(args[0])
		sql, args = sql[i+1:], args[1:]
	}
}

// value writes one argument: an expression in place, a list as a row of places, anything else as a place.
func (b *binder) value(arg any) {
	if e, ok := arg.(clause.Expr); ok {
		b.write(e.SQL, e.Vars)
		return
	}
	if _, ok := arg.(driver.Valuer); !ok && arg != nil {
		if list := reflect.ValueOf(arg); list.Kind() == reflect.Slice && list.Type().Elem().Kind() != reflect.Uint8 {
			b.list(list)
			return
		}
	}
	b.args = append(b.args, arg)
	if !b.numbered {
		b.text.WriteByte('?')
		return
	}
	b.text.WriteByte('$')
	b.text.WriteString(strconv.Itoa(len(b.args)))
}

// list writes the members of an IN; an empty one has none that is equal to anything.
func (b *binder) list(list reflect.Value) {
	b.text.WriteByte('(')
	for i := range list.Len() {
		if i > 0 {
			b.text.WriteString(", ")
		}
		b.value(list.Index(i).Interface())
	}
	if list.Len() == 0 {
		b.text.WriteString("NULL")
	}
	b.text.WriteByte(')')
}

// query runs a statement that gives rows, and reads them into row types whose fields are named by their gorm columns. A result of one
// column may also be read into a plain type.
func query[T any](ctx context.Context, t *transaction, statement string, args []any) (list []T, err error) {
	text, values := t.bind(statement, args)
	rows, err := t.scoped.rows(ctx, text, values)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	fields, err := fieldsOf[T](rows)
	if err != nil {
		return nil, err
	}
	into := make([]any, len(fields))
	for rows.Next() {
		var row T
		v := reflect.ValueOf(&row).Elem()
		for i, f := range fields {
			if into[i] = any(&row); len(f) > 0 {
				into[i] = v.FieldByIndex(f).Addr().Interface()
			}
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// fieldsOf gives the place of each column of a result in a row; the empty place is the row itself.
func fieldsOf[T any](rows resultRows) ([][]int, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	if reflect.TypeFor[T]().Kind() != reflect.Struct && len(names) == 1 {
		return [][]int{{}}, nil
	}
	known := fieldIndex(reflect.TypeFor[T]())
	fields := make([][]int, len(names))
	for i, name := range names {
		f, ok := known[name]
		if !ok {
			return nil, errColumn(name)
		}
		fields[i] = f
	}
	return fields, nil
}

type errColumn string

// Error names the column.
func (e errColumn) Error() string {
	return "a result has the column " + string(e) + ", for which its row type has no field"
}

// fieldIndex gives the places of a row type's columns, those of embedded rows among them.
func fieldIndex(t reflect.Type) map[string][]int {
	if known, ok := fieldIndexes.Load(t); ok {
		return known.(map[string][]int) //nolint:forcetypeassert // only such maps are stored, just below
	}
	index := map[string][]int{}
	for i, name := range columnNames(t) {
		if name != "" {
			index[name] = []int{i}
		} else if f := t.Field(i); f.Tag.Get("gorm") == "embedded" {
			for inner, place := range fieldIndex(f.Type) {
				index[inner] = append([]int{i}, place...)
			}
		}
	}
	fieldIndexes.Store(t, index)
	return index
}

// columnNames gives the column of each field, "" for one without.
func columnNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		for setting := range strings.SplitSeq(t.Field(i).Tag.Get("gorm"), ";") {
			if name, ok := strings.CutPrefix(setting, "column:"); ok {
				names[i] = name
			}
		}
	}
	return names
}

//nolint:gochecknoglobals // a cache of what reflection finds, which never changes
var fieldIndexes sync.Map

// insertRows stores rows of one type by one statement and returns how many were new: a key that exists is left as it is.
func insertRows[T interface{ TableName() string }](ctx context.Context, t *transaction, rows ...T) (int64, error) {
	return insertWith(ctx, t, nil, rows...)
}

// insertWith is insertRows with other values, or expressions, in some columns.
func insertWith[T interface{ TableName() string }](ctx context.Context, t *transaction, instead map[string]any, rows ...T) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	text, args := inserting(instead, rows)
	return t.exec(ctx, text+" ON CONFLICT DO NOTHING", args...)
}

// insertLater stores rows of which none may be there already: a key that exists fails the transaction with ErrDuplicate, at the latest at its end.
func insertLater[T interface{ TableName() string }](ctx context.Context, t *transaction, rows ...T) error {
	if t.view {
		return errView
	}
	if len(rows) == 0 {
		return nil
	}
	text, args := inserting(nil, rows)
	bound, values := t.bind(text, args)
	return translate(ctx, t.scoped.later(ctx, bound, values))
}

// inserting gives the statement that inserts rows, up to what follows VALUES, and its arguments.
func inserting[T interface{ TableName() string }](instead map[string]any, rows []T) (string, []any) {
	width := reflect.TypeFor[T]().NumField()
	other := make([]any, width)
	for i, name := range columnNames(reflect.TypeFor[T]()) {
		other[i] = instead[name]
	}
	place := "(" + strings.TrimSuffix(strings.Repeat("?, ", width), ", ") + ")"
	args := make([]any, 0, width*len(rows))
	for _, row := range rows {
		v := reflect.ValueOf(row)
		for i := range width {
			if value := other[i]; value != nil {
				args = append(args, value)
			} else {
				args = append(args, v.Field(i).Interface())
			}
		}
	}
	return "INSERT INTO " + rows[0].TableName() + " (" + columns[T]() + ") VALUES " + strings.TrimSuffix(strings.Repeat(place+", ", len(rows)), ", "), args
}

// insertOne stores a row; a key that exists is ErrDuplicate and leaves the transaction usable.
func insertOne[T interface{ TableName() string }](ctx context.Context, t *transaction, row T) error {
	return only(insertRows(ctx, t, row))
}

// only is ErrDuplicate for an insert that found its key.
func only(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.ErrDuplicate
	}
	return err
}
