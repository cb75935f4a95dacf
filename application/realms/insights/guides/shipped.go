package guides

import "slices"

// Shipped are the guides that come with the platform; nobody changes them.
func Shipped() []Guide {
	return []Guide{permit(), afterAction(), lifePolicy()}
}

// ByID finds a shipped guide.
func ByID(id string) (Guide, bool) {
	list := Shipped()
	i := slices.IndexFunc(list, func(g Guide) bool { return g.GuideID == id })
	if i < 0 {
		return Guide{}, false
	}
	return list[i], true
}

const (
	text = "string"
	date = "date"
)

func permit() Guide {
	return Guide{
		GuideID: "pso_permit_guide", Name: "Permit", Type: Default, Version: "1.0",
		Description: "A permit: what it allows whom, where, from when until when, and under which rules.",
		FactPattern: Pattern{
			Entities: []Entity{
				{"permit", map[string]string{"permit_id": text, "permit_type": text, "status": text, "issue_date": date, "expiry_date": date}},
				{"applicant", map[string]string{"applicant": text, "applicant_address": text, "applicant_email": text, "applicant_phone": text}},
				{"property", map[string]string{"property_address": text, "parcel_number": text, "zoning": text}},
				{"regulation", map[string]string{"regulation_code": text, "issuing_authority": text}},
			},
			Relationships: []Link{{"applicant", "permit", "holds"}, {"permit", "property", "applies_to"}, {"permit", "regulation", "governed_by"}},
		},
		OutputTemplate: Template{Version: "1.0", Structure: []byte(`{"permit":{"number":"{{permit.permit_id}}","type":"{{permit.permit_type}}","status":"{{permit.status}}",
			"issued":"{{permit.issue_date}}","expires":"{{permit.expiry_date}}"},"applicant":"{{applicant.applicant}}",
			"property":{"address":"{{property.property_address}}","parcel":"{{property.parcel_number}}"},"authority":"{{regulation.issuing_authority}}"}`)},
	}
}

func afterAction() Guide {
	return Guide{
		GuideID: "aar_report_guide", Name: "After action review", Type: Default, Version: "1.0",
		Description: "A review after an event: what happened, what was done, what came of it, what is to be learnt.",
		FactPattern: Pattern{
			Entities: []Entity{
				{"event", map[string]string{"event_name": text, "event_date": date, "location": text}},
				{"action", map[string]string{"action": text, "responsible": text, "due_date": date}},
				{"outcome", map[string]string{"outcome": text, "result": text}},
				{"lesson_learned", map[string]string{"lesson": text, "recommendation": text}},
			},
			Relationships: []Link{{"event", "action", "led_to"}, {"action", "outcome", "resulted_in"}, {"outcome", "lesson_learned", "taught"}},
		},
		OutputTemplate: Template{Version: "1.0", Structure: []byte(`{"event":{"name":"{{event.event_name}}","date":"{{event.event_date}}","location":"{{event.location}}"},
			"action":"{{action.action}}","outcome":"{{outcome.outcome}}","lesson":"{{lesson_learned.lesson}}","recommendation":"{{lesson_learned.recommendation}}"}`)},
	}
}

func lifePolicy() Guide {
	return Guide{
		GuideID: "variable_whole_life_policy_guide", Name: "Variable whole life policy", Type: Default, Version: "1.0",
		Description: "A variable whole life insurance policy with the people on it, its cover, its premiums, and where it was migrated from.",
		FactPattern: Pattern{
			Entities: []Entity{
				{"policy", map[string]string{"policy_number": text, "policy_type": text, "policy_status": text, "issue_date": date, "cash_value": "float"}},
				{"policyholder", map[string]string{"policyholder_name": text, "date_of_birth": date, "policyholder_address": text}},
				{"beneficiary", map[string]string{"beneficiary_name": text, "beneficiary_relationship": text, "beneficiary_share": "float"}},
				{"coverage", map[string]string{"face_amount": "float", "death_benefit": "float", "effective_date": date}},
				{"premium", map[string]string{"premium_amount": "float", "premium_frequency": text, "next_due_date": date}},
				{"migration_info", map[string]string{"legacy_system": text, "legacy_policy_id": text, "migration_date": date}},
			},
			Relationships: []Link{
				{"policyholder", "policy", "owns"}, {"beneficiary", "policy", "benefits_from"}, {"policy", "coverage", "provides"},
				{"policy", "premium", "costs"}, {"migration_info", "policy", "describes"},
			},
		},
		OutputTemplate: Template{Version: "1.0", Structure: []byte(`{"policy":{"number":"{{policy.policy_number}}","type":"{{policy.policy_type}}","status":"{{policy.policy_status}}",
			"issued":"{{policy.issue_date}}","cash_value":"{{policy.cash_value}}"},"policyholder":{"name":"{{policyholder.policyholder_name}}","born":"{{policyholder.date_of_birth}}"},
			"beneficiary":{"name":"{{beneficiary.beneficiary_name}}","share":"{{beneficiary.beneficiary_share}}"},
			"coverage":{"face_amount":"{{coverage.face_amount}}","death_benefit":"{{coverage.death_benefit}}"},
			"premium":{"amount":"{{premium.premium_amount}}","frequency":"{{premium.premium_frequency}}"},"migrated_from":"{{migration_info.legacy_system}}"}`)},
	}
}
