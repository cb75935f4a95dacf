package outcomes

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/symphainy/symphainy/domain/fault"
)

// fields is a JSON object of another realm's artifact. What is not there, or is something else than asked for, is the zero value: a payload
// may be of an older version.
type fields map[string]any

func decodeFields(raw []byte) (fields, error) {
	out := fields{}
	if len(raw) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fault.New(fault.Internal, "artifact_unreadable", "a stored artifact holds JSON that is no object").Because(err)
	}
	return out, nil
}

func (f fields) text(name string) string {
	s, _ := f[name].(string)
	return s
}

// first gives the first of the texts that is there.
func (f fields) first(names ...string) string {
	for _, n := range names {
		if s := f.text(n); s != "" {
			return s
		}
	}
	return ""
}

func (f fields) number(name string) (float64, bool) {
	n, _ := f[name].(json.Number)
	v, err := strconv.ParseFloat(string(n), 64)
	return v, err == nil
}

func (f fields) count(name string) int {
	v, _ := f.number(name)
	return int(v)
}

func (f fields) object(name string) fields {
	m, _ := f[name].(map[string]any)
	return m
}

// objects gives the objects of a list.
func (f fields) objects(name string) []fields {
	list, _ := f[name].([]any)
	var out []fields
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts gives the texts of a list; an object in it counts by the first of its names that is a text.
func (f fields) texts(name string, inObjects ...string) []string {
	list, _ := f[name].([]any)
	var out []string
	for _, x := range list {
		switch v := x.(type) {
		case string:
			out = append(out, v)
		case map[string]any:
			if s := fields(v).first(inObjects...); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

func (f fields) length(name string) int {
	list, _ := f[name].([]any)
	return len(list)
}
