package journey

import (
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
)

// The realm's intents, result keys and domain events.
const (
	createWorkflow      = "create_workflow"
	generateSOP         = "generate_sop"
	analyzeCoexistence  = "analyze_coexistence"
	optimizeProcess     = "optimize_process"
	createBlueprint     = "create_blueprint"
	generateSOPFromChat = "generate_sop_from_chat"
	sopChatMessage      = "sop_chat_message"

	keyWorkflow      = "workflow"
	keySOP           = "sop"
	keyCoexistence   = "coexistence_analysis"
	keyOptimization  = "optimization"
	keyOptimized     = "optimized_process"
	keyBlueprint     = "blueprint"
	keyChatSession   = "chat_session"
	keyChatResponse  = "chat_response"
	keyParsedContent = "parsed_content"

	eventWorkflow    = "workflow_created"
	eventSOP         = "sop_generated"
	eventCoexistence = "coexistence_analyzed"
	eventOptimized   = "process_optimized"
	eventBlueprint   = "blueprint_created"
	eventChatStarted = "sop_chat_started"
	eventChatMessage = "sop_chat_message_processed"
	eventChatSOP     = "sop_generated_from_chat"
)

const (
	idSchema    = `{"type":"string","minLength":1,"maxLength":200}`
	nameSchema  = `{"type":"string","maxLength":300}`
	proseSchema = `{"type":"string","maxLength":2000}`
)

func declared() []realm.IntentSpec {
	specs := []realm.IntentSpec{workflowSpec(), generateSOPSpec(), coexistenceSpec(), blueprintSpec(), optimizeSpec()}
	specs = append(specs, chatSpecs()...)
	for i := range specs {
		specs[i].Anonymous, specs[i].Permission = true, identity.PermWrite
	}
	return specs
}

const workflowSchema = `{"type":"object","additionalProperties":false,
"properties":{
 "parsed_file_id":` + idSchema + `,"workflow_file_path":` + idSchema + `,"bpmn_file_id":` + idSchema + `,"sop_id":` + idSchema + `,
 "workflow_type":{"type":"string","maxLength":64},
 "workflow_options":{"type":"object","additionalProperties":false,"properties":{"name":` + nameSchema + `}},
 "workflow_spec":{"type":"object","additionalProperties":false,"required":["steps"],"properties":{
  "name":` + nameSchema + `,
  "steps":{"type":"array","minItems":1,"maxItems":500,"items":{"type":"object","additionalProperties":false,"required":["name"],"properties":{
   "id":{"type":"string","maxLength":100,"pattern":"^[A-Za-z_][A-Za-z0-9_.-]*$"},"name":{"type":"string","minLength":1,"maxLength":300},
   "type":{"type":"string","enum":["task","decision"]},"kind":{"type":"string","enum":["task","userTask","serviceTask","sendTask","receiveTask","manualTask","scriptTask","businessRuleTask",
    "callActivity","exclusiveGateway","parallelGateway","inclusiveGateway","eventBasedGateway","complexGateway"]},
   "description":` + proseSchema + `,"actor":` + nameSchema + `}}},
  "transitions":{"type":"array","maxItems":2000,"items":{"type":"object","additionalProperties":false,"required":["from","to"],"properties":{
   "from":{"type":"string","minLength":1,"maxLength":300},"to":{"type":"string","minLength":1,"maxLength":300},"condition":` + nameSchema + `}}}}}}}`

func workflowSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: createWorkflow, Title: "Create a workflow", Tier: 1,
		Summary: "Makes a workflow of a BPMN file, a written procedure, an SOP or a specification: its steps in order, its flows, and its " +
			"diagram as SVG and as a BPMN file.",
		Schema:           []byte(workflowSchema),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Retry:            realm.RetryPure,
		ResultKeys:       []string{keyWorkflow, keyParsedContent}, OptionalKeys: []string{keyParsedContent},
		Events: []string{eventWorkflow},
		Example: []byte(`{"workflow_spec":{"name":"Claims","steps":[{"name":"Validate claim"},{"name":"Complete?","type":"decision"},` +
			`{"name":"Approve claim","actor":"Lead"}]}}`),
	}
}
