package parse

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/document"
)

// cellDecoder reads cells that appendCell has written.
type cellDecoder struct{ *jsontext.Decoder }

func (d cellDecoder) row(columns []document.Column) (document.Row, error) {
	if tok, err := d.ReadToken(); err != nil || tok.Kind() != '[' {
		return nil, fmt.Errorf("%w: %w", errRow, errors.Join(err))
	}
	row := make(document.Row, len(columns))
	for i := range columns {
		v, err := d.cell(columns[i].Type)
		if err != nil {
			return nil, err
		}
		row[i] = v
	}
	if tok, err := d.ReadToken(); err != nil || tok.Kind() != ']' {
		return nil, fmt.Errorf("%w: %w", errRow, errors.Join(err))
	}
	return row, nil
}

func (d cellDecoder) cell(column document.Type) (document.Value, error) {
	tok, err := d.ReadToken()
	if err != nil {
		return document.Value{}, fmt.Errorf("%w: %w", errRow, err)
	}
	switch byte(tok.Kind()) {
	case 'n':
		return document.Value{}, nil
	case 't', 'f':
		return document.Boolean(tok.Bool()), nil
	case '0':
		s := tok.String()
		return restore(guessNumber(column, s), s)
	case '"':
		s := tok.String()
		return restore(guessString(column, s), s)
	case '[':
		return d.array()
	case '{':
		return d.object()
	default:
		return document.Value{}, errRow
	}
}

// restore makes a scalar of a known kind.
func restore(kind document.Kind, s string) (document.Value, error) {
	v, ok := document.Value{}, true
	switch kind {
	case document.KindString:
		v = document.Text(s)
	case document.KindInteger:
		v, ok = document.ParseInteger(s)
	case document.KindFloat:
		if v, ok = document.ParseFloat(s); !ok {
			v, ok = document.ExactNumber(s).AsFloat()
		}
	case document.KindDate, document.KindDateTime:
		v, _, ok = document.ParseDate(s, document.OrderUnknown)
	case document.KindBoolean:
		v, ok = document.ParseBoolean(s)
	case document.KindNull, document.KindArray, document.KindObject:
		ok = false
	}
	if !ok || v.Kind() != kind {
		return document.Value{}, fmt.Errorf("%w: %q is no %s", errRow, clip(s), kindNames[kind])
	}
	return v, nil
}

func (d cellDecoder) array() (document.Value, error) {
	var values []document.Value
	for d.PeekKind() != ']' {
		v, err := d.cell("")
		if err != nil {
			return document.Value{}, err
		}
		values = append(values, v)
	}
	_, err := d.ReadToken()
	return document.Array(values), err
}

func (d cellDecoder) object() (document.Value, error) {
	var members []document.Member
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return document.Value{}, fmt.Errorf("%w: %w", errRow, err)
		}
		m := document.Member{Name: name.String()}
		if m.Name == kindKey && len(members) == 0 {
			return d.marked()
		}
		if m.Value, err = d.cell(""); err != nil {
			return document.Value{}, err
		}
		members = append(members, m)
	}
	_, err := d.ReadToken()
	return document.Object(members), err
}

// marked reads the rest of a cell that carries its kind.
func (d cellDecoder) marked() (document.Value, error) {
	kind, err := d.ReadToken()
	if err != nil {
		return document.Value{}, fmt.Errorf("%w: %w", errRow, err)
	}
	name := kind.String()
	if _, err := d.ReadToken(); err != nil { // "v"
		return document.Value{}, fmt.Errorf("%w: %w", errRow, err)
	}
	var v document.Value
	if name == kindNames[document.KindObject] {
		v, err = d.plainObject()
	} else {
		v, err = d.markedScalar(name)
	}
	if err != nil {
		return document.Value{}, err
	}
	if tok, err := d.ReadToken(); err != nil || tok.Kind() != '}' {
		return document.Value{}, fmt.Errorf("%w: %w", errRow, errors.Join(err))
	}
	return v, nil
}

func (d cellDecoder) markedScalar(name string) (document.Value, error) {
	tok, err := d.ReadToken()
	if err != nil {
		return document.Value{}, fmt.Errorf("%w: %w", errRow, err)
	}
	text := tok.String()
	for k, n := range kindNames {
		if n == name {
			return restore(document.Kind(k), text)
		}
	}
	return document.Value{}, errRow
}

// plainObject reads an object whose first member is called like the mark.
func (d cellDecoder) plainObject() (document.Value, error) {
	if tok, err := d.ReadToken(); err != nil || tok.Kind() != '{' {
		return document.Value{}, fmt.Errorf("%w: %w", errRow, errors.Join(err))
	}
	var members []document.Member
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return document.Value{}, fmt.Errorf("%w: %w", errRow, err)
		}
		m := document.Member{Name: name.String()}
		if m.Value, err = d.cell(""); err != nil {
			return document.Value{}, err
		}
		members = append(members, m)
	}
	_, err := d.ReadToken()
	return document.Object(members), err
}
