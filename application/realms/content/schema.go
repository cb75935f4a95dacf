package content

// Parts of the schemas. Every text, list and number has a bound, so that no parameter is larger than somebody thought of.
const (
	idSchema      = `{"type":"string","minLength":1,"maxLength":200}`
	nameSchema    = `{"type":"string","minLength":1,"maxLength":255}`
	limitSchema   = `{"type":"integer","minimum":1,"maximum":200,"default":100}`
	offsetSchema  = `{"type":"integer","minimum":0,"maximum":1000000000,"default":0}`
	timeSchema    = `{"type":"string","format":"date-time","maxLength":40}`
	profileSchema = `{"type":"string","enum":["structured","unstructured","hybrid","workflow","sop","data_model"]}`

	// Content in the parameters is checked against its own limit, with its own code; these bounds are those of the body.
	hexSchema = `{"type":"string","maxLength":25165824}`

	optionsSchema = `{"type":"object","additionalProperties":false,"properties":{` +
		`"delimiter":{"type":"string","minLength":1,"maxLength":4},` +
		`"has_header":{"type":"boolean"},` +
		`"encoding":{"type":"string","maxLength":40},` +
		`"sheet":{"type":"string","maxLength":255},` +
		`"date_order":{"type":"string","enum":["DMY","MDY","YMD","dmy","mdy","ymd"]},` +
		`"null_tokens":{"type":"array","maxItems":100,"items":{"type":"string","maxLength":100}},` +
		`"codepage":{"type":"string","maxLength":40},` +
		`"record_format":{"type":"string","maxLength":40},` +
		`"record_length":{"type":"integer","minimum":1,"maximum":65535},` +
		`"min_record_length":{"type":"integer","minimum":1,"maximum":65535},` +
		`"max_rows":{"type":"integer","minimum":1,"maximum":10000000},` +
		`"target_model":{"type":"string","maxLength":200}}}`

	sourceSchema = `{"type":"object","maxProperties":50,"additionalProperties":{"type":["string","number","boolean","null"],"maxLength":2000}}`
)

const ingestSchema = `{"type":"object","additionalProperties":false,
"properties":{
 "ui_name":` + nameSchema + `,
 "filename":` + nameSchema + `,
 "ingestion_type":{"type":"string","enum":["upload","edi","api"],"default":"upload"},
 "file_content":` + hexSchema + `,
 "file_id":` + idSchema + `,
 "file_reference":` + idSchema + `,
 "file_type":{"type":"string","maxLength":64},
 "mime_type":{"type":"string","maxLength":127},
 "file_size":{"type":"integer","minimum":0,"maximum":1099511627776},
 "content_type":{"type":"string","maxLength":127},
 "file_type_category":{"type":"string","maxLength":64},
 "copybook_reference":` + idSchema + `,
 "source_metadata":` + sourceSchema + `,
 "ingestion_options":{"type":"object","additionalProperties":false,"properties":{"ingestion_profile":` + profileSchema + `,"parse_options":` + optionsSchema + `}},
 "edi_data":{"type":"string","maxLength":25165824},
 "partner_id":{"type":"string","minLength":1,"maxLength":128},
 "edi_protocol":{"type":"string","maxLength":32},
 "api_payload":{"type":["object","array"],"maxProperties":100000,"maxItems":1000000},
 "endpoint":{"type":"string","maxLength":2048},
 "api_type":{"type":"string","maxLength":64}},
"anyOf":[{"required":["ui_name"]},{"required":["filename"]}],
"if":{"properties":{"ingestion_type":{"const":"edi"}},"required":["ingestion_type"]},
"then":{"required":["edi_data","partner_id"]},
"else":{"if":{"properties":{"ingestion_type":{"const":"api"}},"required":["ingestion_type"]},
 "then":{"required":["api_payload"]},
 "else":{"anyOf":[{"required":["file_content"]},{"required":["file_id"]},{"required":["file_reference"]}]}}}`

const saveSchema = `{"type":"object","additionalProperties":false,"required":["boundary_contract_id","file_id"],
"properties":{
 "boundary_contract_id":` + idSchema + `,
 "file_id":` + idSchema + `,
 "materialization_type":{"type":"string","enum":["reference","partial_extraction","deterministic","semantic_embedding","full_artifact"]},
 "ttl_days":{"type":"integer","minimum":1,"maximum":36500},
 "ingestion_profile":` + profileSchema + `,
 "parse_options":` + optionsSchema + `}}`

const parseSchema = `{"type":"object","additionalProperties":false,
"properties":{
 "file_id":` + idSchema + `,
 "file_reference":` + idSchema + `,
 "parsing_type":` + profileSchema + `,
 "copybook_reference":` + idSchema + `,
 "parse_options":` + optionsSchema + `},
"anyOf":[{"required":["file_id"]},{"required":["file_reference"]}]}`

const parsedFileSchema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id"],
"properties":{
 "parsed_file_id":` + idSchema + `,
 "table":{"type":["string","integer"],"maxLength":255,"minimum":0,"maximum":1000000},
 "offset":` + offsetSchema + `,
 "limit":{"type":"integer","minimum":1,"maximum":1000,"default":100}}}`

const listFilesSchema = `{"type":"object","additionalProperties":false,
"properties":{
 "file_type":{"type":"string","maxLength":64},
 "status":{"type":"string","enum":["ingested","saved","archived"]},
 "ingestion_profile":` + profileSchema + `,
 "session_only":{"type":"boolean","default":false},
 "include_pending":{"type":"boolean","default":false},
 "created_after":` + timeSchema + `,
 "created_before":` + timeSchema + `,
 "min_size":{"type":"integer","minimum":0,"maximum":1099511627776},
 "max_size":{"type":"integer","minimum":0,"maximum":1099511627776},
 "limit":` + limitSchema + `,
 "offset":` + offsetSchema + `}}`

const listArtifactsSchema = `{"type":"object","additionalProperties":false,
"properties":{
 "artifact_type":{"type":"string","maxLength":64},
 "lifecycle_state":{"type":"string","enum":["PENDING","READY","ARCHIVED","FAILED","draft","accepted","obsolete"]},
 "eligible_for":{"type":"string","maxLength":64},
 "session_only":{"type":"boolean","default":false},
 "limit":` + limitSchema + `,
 "offset":` + offsetSchema + `}}`

const fileSchema = `{"type":"object","additionalProperties":false,"required":["file_id"],"properties":{"file_id":` + idSchema + `}}`

const retrieveSchema = `{"type":"object","additionalProperties":false,"required":["file_id"],
"properties":{"file_id":` + idSchema + `,"include_contents":{"type":"boolean","default":false}}}`

const registerSchema = `{"type":"object","additionalProperties":false,"required":["file_id","ui_name"],
"properties":{"file_id":` + idSchema + `,"ui_name":` + nameSchema + `,"file_type":{"type":"string","maxLength":64},
 "mime_type":{"type":"string","maxLength":127},"ingestion_profile":` + profileSchema + `}}`
