package insights

import (
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
)

const (
	interpretGuided = "interpret_data_guided"
	registerGuide   = "register_guide"
	getGuide        = "get_guide"
	listGuides      = "list_guides"
	updateGuide     = "update_guide"
	deleteGuide     = "delete_guide"

	keyInterpretation = "interpretation"
	keyGuide          = "guide"
	keyGuideList      = "guide_list"
	eventGuided       = "data_interpreted_with_guide"
	schemaGuided      = "guided_interpretation_v1"
	schemaGuide       = "guide_v1"
)

const (
	guideNameSchema = `{"type":"string","minLength":1,"maxLength":100}`
	guideFields     = `
 "name":{"type":"string","minLength":1,"maxLength":200},
 "description":{"type":"string","maxLength":2000},
 "type":{"type":"string","enum":["user_uploaded","user_created"]},
 "version":{"type":"string","minLength":1,"maxLength":40},
 "scope":{"type":"string","enum":["workspace","tenant"]},
 "fact_pattern":{"type":"object","additionalProperties":false,"required":["entities"],"properties":{
  "entities":{"type":"array","minItems":1,"maxItems":50,"items":{"type":"object","additionalProperties":false,"required":["entity_type","attributes"],"properties":{
   "entity_type":` + guideNameSchema + `,
   "attributes":{"type":"object","minProperties":1,"maxProperties":100,"additionalProperties":{"type":"string","enum":["integer","float","decimal","boolean","date","datetime","string","array","object"]}}}}},
  "relationships":{"type":"array","maxItems":100,"items":{"type":"object","additionalProperties":false,"required":["from","to","type"],"properties":{
   "from":` + guideNameSchema + `,"to":` + guideNameSchema + `,"type":` + guideNameSchema + `}}}}},
 "output_template":{"type":"object","additionalProperties":false,"required":["structure"],"properties":{
  "version":{"type":"string","maxLength":40},
  "structure":{"type":"object","maxProperties":200}}}`
	guideIDSchema = `{"type":"object","additionalProperties":false,"required":["guide_id"],"properties":{"guide_id":` + idSchema + `}}`
)

const guideExample = `{"name":"Delivery note","fact_pattern":{"entities":[{"entity_type":"delivery","attributes":{"delivery_number":"string","delivery_date":"date"}}]},
"output_template":{"version":"1.0","structure":{"note":"{{delivery.delivery_number}} of {{delivery.delivery_date}}"}}}`

func guidedSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: interpretGuided, Title: "Interpret data with a guide", Tier: 2, Anonymous: true,
		Summary: "Reads a document by a guide: which column or label is which attribute, what is missing, and the guide's template filled in.",
		Schema: []byte(`{"type":"object","additionalProperties":false,"required":["guide_id","parsed_file_id"],"properties":{
 "guide_id":` + idSchema + `,"parsed_file_id":` + idSchema + `,
 "matching_options":{"type":"object","additionalProperties":false,"properties":{"show_unmatched":{"type":"boolean"},"show_suggestions":{"type":"boolean"}}}}}`),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyInterpretation}, Events: []string{eventGuided},
		Example: []byte(`{"guide_id":"pso_permit_guide","parsed_file_id":"par_01jd8h0000exampe0000000000"}`),
	}
}

func registerGuideSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: registerGuide, Title: "Register a guide", Tier: 2, Anonymous: true,
		Summary:    "Keeps a guide of your own: entities with their attributes, and a template that is filled with what is found.",
		Schema:     []byte(`{"type":"object","additionalProperties":false,"required":["name","fact_pattern"],"properties":{` + guideFields + `}}`),
		Permission: identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyGuide}, Example: []byte(guideExample),
	}
}

func updateGuideSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: updateGuide, Title: "Change a guide", Tier: 2, Anonymous: true,
		Summary:    "Makes a new version of a guide with the given fields; the old version stays.",
		Schema:     []byte(`{"type":"object","additionalProperties":false,"required":["guide_id"],"minProperties":2,"properties":{"guide_id":` + idSchema + `,` + guideFields + `}}`),
		Permission: identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyGuide}, Example: []byte(`{"guide_id":"art_01jd8h0000exampe0000000000","description":"For deliveries by ship."}`),
	}
}

func getGuideSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: getGuide, Title: "Get a guide", Tier: 2, Anonymous: true, Summary: "Gives one guide, in its newest version.",
		Schema: []byte(guideIDSchema), Permission: identity.PermRead, Retry: realm.RetryPure,
		ResultKeys: []string{keyGuide}, Example: []byte(`{"guide_id":"pso_permit_guide"}`),
	}
}

func listGuidesSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: listGuides, Aliases: []string{"list_guide"}, Title: "List guides", Tier: 2, Anonymous: true,
		Summary: "Lists the guides that come with the platform and those of your own.",
		Schema: []byte(`{"type":"object","additionalProperties":false,"properties":{
 "type":{"type":"string","enum":["default","user_uploaded","user_created"]},
 "limit":{"type":"integer","minimum":1,"maximum":200},"offset":{"type":"integer","minimum":0,"maximum":100000}}}`),
		Permission: identity.PermRead, Retry: realm.RetryPure,
		ResultKeys: []string{keyGuideList}, Example: []byte(`{"type":"default"}`),
	}
}

func deleteGuideSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: deleteGuide, Title: "Delete a guide", Tier: 2, Anonymous: true, Summary: "Deletes a guide of your own with all its versions.",
		Schema: []byte(guideIDSchema), Permission: identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyGuide}, Example: []byte(`{"guide_id":"art_01jd8h0000exampe0000000000"}`),
	}
}
