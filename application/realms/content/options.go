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
	Delimiter       string             `json:"delimiter"`
	HasHeader       *bool              `json:"has_header"`
	Encoding        string             `json:"encoding"`
	DateOrder       document.DateOrder `json:"date_order"`
	NullTokens      []string           `json:"null_tokens"`
	MaxRows         int                `json:"max_rows"`
	Sheet           string             `json:"sheet"`
	TargetModel     string             `json:"target_model"`
	Codepage        string             `json:"codepage"`
	RecordFormat    string             `json:"record_format"`
	RecordLength    int                `json:"record_length"`
	MinRecordLength int                `json:"min_record_length"`
}

// optionsOf gives the parsers' options.
func optionsOf(raw json.RawMessage) (parse.Options, error) {
	var w wireOptions
	if err := json.Unmarshal(orEmpty(raw), &w); err != nil {
		return parse.Options{}, fault.As(err)
	}
	opts := parse.Options{
		Delimiter: w.Delimiter, HasHeader: w.HasHeader, Encoding: w.Encoding, DateOrder: w.DateOrder, NullTokens: w.NullTokens, MaxRows: w.MaxRows,
		Sheet: w.Sheet, TargetModel: w.TargetModel, Codepage: w.Codepage, RecordFormat: strings.ToLower(w.RecordFormat),
		RecordLength: w.RecordLength, MinRecordLength: w.MinRecordLength,
	}
	return opts, opts.Validate()
}

// formatsOf are the formats for which an option is; the others apply to most.
var formatsOf = map[string][]string{ //nolint:gochecknoglobals // a read-only table
	"codepage": {"fixed_width"}, "record_format": {"fixed_width"}, "record_length": {"fixed_width"}, "min_record_length": {"fixed_width"},
	"sheet": {"xlsx"}, "target_model": {"json_schema"}, "delimiter": {"csv", "tsv"},
}

// warn notes what was asked for and not done.
func warn(doc *document.Document, profile string, raw json.RawMessage) error {
	given := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(raw), &given); err != nil {
		return fault.As(err)
	}
	var ignored []string
	for name := range given {
		if formats := formatsOf[name]; formats != nil && !slices.Contains(formats, doc.Format) {
			ignored = append(ignored, name)
		}
	}
	slices.Sort(ignored)
	if profile != "" && !applied(doc, profile) {
		doc.Warn("profile_not_applied", fmt.Sprintf("The file holds nothing to be read as %s; it was read as %s.", profile, doc.Format))
	}
	if len(ignored) > 0 {
		doc.Warn("option_ignored", fmt.Sprintf("These parse_options do not apply to %s: %s.", doc.Format, strings.Join(ignored, ", ")))
	}
	return nil
}

// applied reports whether the document has what the profile is about.
func applied(doc *document.Document, profile string) bool {
	switch profile {
	case parse.ProfileWorkflow:
		return doc.Workflow != nil
	case parse.ProfileSOP:
		return doc.SOP != nil
	case parse.ProfileDataModel:
		return doc.Schema != nil
	}
	return true
}
