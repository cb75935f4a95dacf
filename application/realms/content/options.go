package content

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// merge lays the caller's options over the remembered ones, option by option.
func merge(remembered, given json.RawMessage) (json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	for _, raw := range []json.RawMessage{remembered, given} {
		if len(raw) == 0 {
			continue
		}
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, fault.As(err)
		}
	}
	out, err := json.Marshal(all)
	if err != nil {
		return nil, fault.As(err)
	}
	return out, nil
}

type wireOptions struct {
	Delimiter  string             `json:"delimiter"`
	HasHeader  *bool              `json:"has_header"`
	Encoding   string             `json:"encoding"`
	DateOrder  document.DateOrder `json:"date_order"`
	NullTokens []string           `json:"null_tokens"`
	MaxRows    int                `json:"max_rows"`
}

// optionsOf gives the parsers' options, and the names of those that no parser of this version looks at.
func optionsOf(raw json.RawMessage) (opts parse.Options, ignored []string, err error) {
	var w wireOptions
	if err := json.Unmarshal(orEmpty(raw), &w); err != nil {
		return opts, nil, fault.As(err)
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(raw), &all); err != nil {
		return opts, nil, fault.As(err)
	}
	for _, name := range []string{"codepage", "min_record_length", "record_format", "record_length", "sheet", "target_model"} {
		if _, given := all[name]; given {
			ignored = append(ignored, name)
		}
	}
	opts = parse.Options{
		Delimiter: w.Delimiter, HasHeader: w.HasHeader, Encoding: w.Encoding, DateOrder: w.DateOrder, NullTokens: w.NullTokens, MaxRows: w.MaxRows,
	}
	return opts, ignored, opts.Validate()
}

// profileOf gives the profile that the parsers know; the others say what is made of the document later.
func profileOf(profile string) string {
	if slices.Contains([]string{parse.ProfileStructured, parse.ProfileUnstructured, parse.ProfileHybrid}, profile) {
		return profile
	}
	return ""
}

// warn notes what was asked for and not done.
func warn(doc *document.Document, profile string, ignored []string) {
	if profile != "" && profileOf(profile) == "" {
		doc.Warn("profile_not_applied", fmt.Sprintf("Reading as %s is not supported; the file was read as %s.", profile, doc.Format))
	}
	if len(ignored) > 0 {
		doc.Warn("option_ignored", fmt.Sprintf("These parse_options do not apply to %s: %s.", doc.Format, strings.Join(ignored, ", ")))
	}
}
