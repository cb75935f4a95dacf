package insights

import (
	"context"
	"encoding/json"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/extraction"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

const (
	extractStructured = "extract_structured_data"
	discoverPattern   = "discover_extraction_pattern"
	createConfig      = "create_extraction_config"

	keyExtraction       = "extraction"
	keyExtractionConfig = "extraction_config"
	eventExtracted      = "structured_data_extracted"
	schemaExtraction    = "extraction_v1"
	schemaConfig        = "extraction_config_v1"
)

var configStore = definition{kind: keyExtractionConfig, schema: schemaConfig} //nolint:gochecknoglobals // a read-only value

const (
	textsSchema    = `{"type":"array","maxItems":100,"items":{"type":"string","minLength":1,"maxLength":500}}`
	categorySchema = `{"type":"object","additionalProperties":false,"required":["name"],"properties":{
   "name":{"type":"string","minLength":1,"maxLength":100},
   "extraction_type":{"type":"string","enum":["pattern","llm","embedding","hybrid"]},
   "required":{"type":"boolean"},
   "validation_rules":{"type":"array","maxItems":20,"items":{"type":"object","additionalProperties":false,"required":["rule"],"properties":{
    "rule":{"type":"string","enum":["required_fields","min_items","chronological_order"]},
    "fields":{"type":"array","maxItems":100,"items":{"type":"string","minLength":1,"maxLength":500}},
    "value":{"type":"integer","minimum":1,"maximum":500}}}},
   "headings":` + textsSchema + `,"labels":` + textsSchema + `,"regexes":` + textsSchema + `}}`
)

func extractSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: extractStructured, Title: "Extract structured data", Tier: 2, Anonymous: true,
		Summary: "Takes what a pattern asks for out of a document, says where each thing stands, and checks that nothing required is missing.",
		Schema: []byte(`{"type":"object","additionalProperties":false,"required":["pattern","data_source"],"properties":{
 "pattern":{"type":"string","enum":["variable_life_policy_rules","aar","pso","custom"]},
 "data_source":{"type":"object","additionalProperties":false,"required":["parsed_file_id"],"properties":{"parsed_file_id":` + idSchema + `}},
 "extraction_config_id":` + idSchema + `}}`),
		Permission: identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyExtraction}, Events: []string{eventExtracted},
		Example: []byte(`{"pattern":"pso","data_source":{"parsed_file_id":"par_01jd8h0000exampe0000000000"}}`),
	}
}

func discoverPatternSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: discoverPattern, Title: "Discover an extraction pattern", Tier: 2, Anonymous: true,
		Summary:          "Proposes an extraction config by the headings, labels, columns or data model of a document; nothing is kept.",
		Schema:           []byte(`{"type":"object","additionalProperties":false,"required":["parsed_file_id"],"properties":{"parsed_file_id":` + idSchema + `}}`),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermRead, Retry: realm.RetryPure,
		ResultKeys: []string{keyExtractionConfig}, Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000"}`),
	}
}

func createConfigSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: createConfig, Title: "Create an extraction config", Tier: 2, Anonymous: true,
		Summary: "Keeps an extraction config: the given categories, or those that a document proposes.",
		Schema: []byte(`{"type":"object","additionalProperties":false,"required":["name"],"properties":{
 "name":{"type":"string","minLength":1,"maxLength":200},
 "domain":{"type":"string","maxLength":100},
 "version":{"type":"string","minLength":1,"maxLength":40},
 "scope":{"type":"string","enum":["workspace","tenant"]},
 "parsed_file_id":` + idSchema + `,
 "categories":{"type":"array","minItems":1,"maxItems":50,"items":` + categorySchema + `},
 "output_schema":{"type":"object","maxProperties":200}}}`),
		Permission: identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyExtractionConfig},
		Example:    []byte(`{"name":"Delivery notes","categories":[{"name":"items","required":true,"headings":["items"],"validation_rules":[{"rule":"min_items","value":1}]}]}`),
	}
}

type configParameters struct {
	Name         string                `json:"name"`
	Domain       string                `json:"domain"`
	Version      string                `json:"version"`
	Scope        artifact.Sharing      `json:"scope"`
	ParsedFileID string                `json:"parsed_file_id"`
	Categories   []extraction.Category `json:"categories"`
	OutputSchema json.RawMessage       `json:"output_schema"`
}

// configPayload is a config as it is stored and shown. Its own version is also config_version, because version counts the artifact's.
func configPayload(c extraction.Config) (json.RawMessage, error) {
	if len(c.OutputSchema) == 0 {
		c.OutputSchema = json.RawMessage("null")
	}
	for i := range c.Categories {
		k := &c.Categories[i]
		k.ValidationRules = append([]extraction.Rule{}, k.ValidationRules...)
		k.Headings, k.Labels, k.Regexes = append([]string{}, k.Headings...), append([]string{}, k.Labels...), append([]string{}, k.Regexes...)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fault.As(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fault.As(err)
	}
	fields["config_version"] = fields["version"]
	return artifacts.Encode(fields), nil
}

// propose makes a config of a document.
func (r *Realm) propose(ctx context.Context, source artifact.Snapshot) (extraction.Config, error) {
	doc, err := r.documents.Open(ctx, source)
	if err != nil {
		return extraction.Config{}, err
	}
	c, ok := extraction.Propose(doc.Document)
	if !ok {
		return c, fault.New(fault.Invalid, "insufficient_data", "The document has no headings, labels, columns or data model to make a pattern of.")
	}
	c.Name, c.Version = say.Plain(source.Name, 150), "1.0"
	if c.Name == "" {
		c.Name = "Extraction config"
	}
	return c, c.Check()
}

func (r *Realm) discoverPattern(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[configParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.document(ctx, call, in.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	payload, err := steps.Run(ctx, call, "propose", func(ctx context.Context, _ string) (json.RawMessage, error) {
		c, err := r.propose(ctx, source)
		if err != nil {
			return nil, err
		}
		return configPayload(c)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyExtractionConfig, View: true, Artifact: artifact.Snapshot{
			Type: keyExtractionConfig, Name: source.Name, Payload: payload, Parents: []string{source.ID},
			Metadata: described(schemaConfig, []string{"Headings, labels, columns and the members of a data model become categories; nothing was kept."}, nil),
		}}},
		Values: map[string]string{"parsed_file_id": source.ID},
	}, nil
}

func (r *Realm) createConfig(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[configParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if (in.ParsedFileID == "") == (len(in.Categories) == 0) {
		return ports.IntentResult{}, wrong("categories", "one_of", "give either categories or the parsed_file_id of a document that proposes them.")
	}
	if err := call.Read(ctx, configStore.room); err != nil {
		return ports.IntentResult{}, err
	}
	var source artifact.Snapshot
	if in.ParsedFileID != "" {
		if source, err = r.document(ctx, call, in.ParsedFileID); err != nil {
			return ports.IntentResult{}, err
		}
	}
	done, err := steps.Run(ctx, call, "create", func(ctx context.Context, _ string) (made, error) { return r.makeConfig(ctx, source, in) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	if in.Scope == "" {
		in.Scope = artifact.Workspace
	}
	s := configStore.first(call.Execution(), done.ID, in.Name, done.Payload, in.Scope)
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyExtractionConfig, Artifact: s}},
		Values:    map[string]string{"extraction_config_id": done.ID},
	}, nil
}

func (r *Realm) makeConfig(ctx context.Context, source artifact.Snapshot, in configParameters) (made, error) {
	c := extraction.Config{Categories: in.Categories}
	if source.ID != "" {
		var err error
		if c, err = r.propose(ctx, source); err != nil {
			return made{}, err
		}
	}
	c.Name, c.Domain, c.Version, c.OutputSchema = in.Name, in.Domain, in.Version, in.OutputSchema
	if c.Version == "" {
		c.Version = "1.0"
	}
	for i := range c.Categories {
		if c.Categories[i].ExtractionType == "" {
			c.Categories[i].ExtractionType = extraction.Pattern
		}
	}
	if err := c.Check(); err != nil {
		return made{}, err
	}
	c.ConfigID = r.newID()
	payload, err := configPayload(c)
	return made{ID: c.ConfigID, Payload: payload}, err
}
