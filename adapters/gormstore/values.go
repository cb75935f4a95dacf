package gormstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// timeLayout is how the SQLite driver writes times. Texts in it sort as the times do, because '+' sorts before '.' and digits.
const timeLayout = "2006-01-02 15:04:05.999999999-07:00"

// stamp is a time as both databases hold it: UTC, whole microseconds, null when zero.
type stamp struct{ time.Time }

func at(t time.Time) stamp { return stamp{t} }

// Value gives null for the zero time.
func (s stamp) Value() (driver.Value, error) {
	if s.IsZero() {
		return nil, nil //nolint:nilnil // null is database/sql's own nil
	}
	return s.UTC().Truncate(time.Microsecond), nil
}

// Scan reads a time, also the text that SQLite gives for a column without declared type.
func (s *stamp) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		s.Time = time.Time{}
	case time.Time:
		s.Time = v.UTC()
	case string:
		t, err := time.Parse(timeLayout, v)
		if err != nil {
			return fmt.Errorf("read a time: %w", err)
		}
		s.Time = t.UTC()
	default:
		return fmt.Errorf("read a time from %T", src)
	}
	return nil
}

// GormDataType keeps gorm from guessing.
func (stamp) GormDataType() string { return "timestamp" }

// rawJSON is a JSON text, kept digit for digit; null when nil.
type rawJSON []byte

// Value hands the text over as a string, so that SQLite stores text and PostgreSQL json.
func (j rawJSON) Value() (driver.Value, error) {
	if j == nil {
		return nil, nil //nolint:nilnil // null is database/sql's own nil
	}
	return string(j), nil
}

// Scan copies the text.
func (j *rawJSON) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*j = nil
	case string:
		*j = rawJSON(v)
	case []byte:
		*j = append(rawJSON{}, v...)
	default:
		return fmt.Errorf("read JSON from %T", src)
	}
	return nil
}

// GormDataType keeps gorm from guessing.
func (rawJSON) GormDataType() string { return "json" }

// bytesOrNull are bytes that are null when empty.
type bytesOrNull []byte

// Value gives null for no bytes.
func (b bytesOrNull) Value() (driver.Value, error) {
	if len(b) == 0 {
		return nil, nil //nolint:nilnil // null is database/sql's own nil
	}
	return []byte(b), nil
}

// Scan copies the bytes.
func (b *bytesOrNull) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*b = nil
	case []byte:
		*b = append(bytesOrNull(nil), v...)
	default:
		return fmt.Errorf("read bytes from %T", src)
	}
	return nil
}

// GormDataType keeps gorm from guessing.
func (bytesOrNull) GormDataType() string { return "bytes" }

// textOrNull is a text that is null when empty.
type textOrNull string

// Value gives null for the empty text.
func (t textOrNull) Value() (driver.Value, error) {
	if t == "" {
		return nil, nil //nolint:nilnil // null is database/sql's own nil
	}
	return string(t), nil
}

// Scan reads a text.
func (t *textOrNull) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = ""
	case string:
		*t = textOrNull(v)
	case []byte:
		*t = textOrNull(v)
	default:
		return fmt.Errorf("read a text from %T", src)
	}
	return nil
}

// GormDataType keeps gorm from guessing.
func (textOrNull) GormDataType() string { return "string" }

// object is a value of our own that is stored as JSON.
type object[T any] struct{ V T }

// Value encodes the value.
func (o object[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(o.V)
	if err != nil {
		return nil, fmt.Errorf("encode a column: %w", err)
	}
	return string(b), nil
}

// Scan decodes the value.
func (o *object[T]) Scan(src any) error {
	var raw rawJSON
	if err := raw.Scan(src); err != nil || raw == nil {
		return err
	}
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("decode a column: %w", err)
	}
	o.V = v
	return nil
}

// GormDataType keeps gorm from guessing.
func (object[T]) GormDataType() string { return "json" }
