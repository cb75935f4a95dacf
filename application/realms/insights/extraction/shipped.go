package extraction

// Shipped gives a config that comes with the platform, by its id or the short name of its pattern.
func Shipped(id string) (Config, bool) {
	switch id {
	case "variable_life_policy_rules":
		return policyRules(), true
	case "after_action_review", "aar":
		return afterAction(), true
	case "permit_semantic_object", "pso":
		return permit(), true
	}
	return Config{}, false
}

func atLeast(n int) Rule { return Rule{Rule: MinItems, Value: n} }

func permit() Config {
	fields := []string{"permit_number", "permit_type", "issue_date", "issuing_authority"}
	return Config{
		ConfigID: "permit_semantic_object", Name: "Permit", Domain: "permits", Version: "1.0",
		Categories: []Category{
			{Name: "permit_metadata", ExtractionType: Pattern, Required: true, Labels: fields, ValidationRules: []Rule{{Rule: RequiredFields, Fields: fields}}},
			{
				Name: "obligations", ExtractionType: Pattern, Required: true, ValidationRules: []Rule{atLeast(1)},
				Headings: []string{"requirements", "obligations", "conditions", "duties"},
			},
			{
				Name: "legal_citations", ExtractionType: Pattern,
				Headings: []string{"legal citations", "legal basis", "references"},
				Regexes: []string{
					`\b\d+ (?:U\.?S\.?C\.?|C\.?F\.?R\.?)(?: (?:Part|§+))? ?\d[\w.]*(?:\([a-z0-9]+\))*`,
					`§+ ?\d[\w.]*(?:\([a-z0-9]+\))*(?: [A-Z][A-Za-z]+)?`,
					`\b(?:Article|Art\.) \d+[a-z]?(?:\(\d+\))?(?: of (?:the )?[A-Z][\w ]{2,40})?`,
				},
			},
		},
	}
}

func afterAction() Config {
	return Config{
		ConfigID: "after_action_review", Name: "After action review", Domain: "reviews", Version: "1.0",
		Categories: []Category{
			{
				Name: "timeline", ExtractionType: Pattern, Headings: []string{"timeline", "chronology", "sequence of events"},
				Regexes: []string{`^(?:\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?|\d{1,2}:\d{2})\b\s*[-–—:]?\s+\S.*$`}, ValidationRules: []Rule{{Rule: Chronological}},
			},
			{Name: "lessons_learned", ExtractionType: Pattern, Required: true, Headings: []string{"lessons learned", "lessons", "key findings"}, ValidationRules: []Rule{atLeast(1)}},
			{
				Name: "risks", ExtractionType: Pattern, Required: true, Headings: []string{"risks", "risk register", "open risks"},
				Regexes: []string{`^.*\S\s*[:–—-]\s*(?:PARTIAL|FAIL(?:ED|URE)?)\b.*$`}, ValidationRules: []Rule{atLeast(1)},
			},
			{Name: "recommendations", ExtractionType: Pattern, Required: true, Headings: []string{"recommendations", "recommended actions", "next steps"}, ValidationRules: []Rule{atLeast(1)}},
		},
	}
}

func policyRules() Config {
	return Config{
		ConfigID: "variable_life_policy_rules", Name: "Variable life policy rules", Domain: "insurance", Version: "1.0",
		Categories: []Category{
			{
				Name: "investment_rules", ExtractionType: Pattern, Required: true, ValidationRules: []Rule{atLeast(1)},
				Headings: []string{"investment", "investments", "separate account", "subaccounts", "fund allocation"},
				Regexes:  []string{`(?i)^.*\b(?:sub-?accounts?|separate account|asset allocation|fund transfers?)\b.*$`},
			},
			{
				Name: "cash_value_rules", ExtractionType: Pattern, Required: true, ValidationRules: []Rule{atLeast(1)},
				Headings: []string{"cash value", "surrender value", "loans", "withdrawals"},
				Regexes:  []string{`(?i)^.*\b(?:cash value|surrender (?:value|charges?)|policy loans?)\b.*$`},
			},
			{
				Name: "riders_features", ExtractionType: Pattern, Headings: []string{"riders", "features", "optional benefits"},
				Regexes: []string{`(?i)^.*\briders?\b.*$`},
			},
			{
				Name: "administration_rules", ExtractionType: Pattern, Required: true, ValidationRules: []Rule{atLeast(1)},
				Headings: []string{"administration", "premiums", "grace period", "billing"},
				Regexes:  []string{`(?i)^.*\b(?:grace period|premium (?:payments?|due)|lapses?|reinstate(?:d|ment)?)\b.*$`},
			},
			{
				Name: "compliance_rules", ExtractionType: Pattern, Required: true, ValidationRules: []Rule{atLeast(1)},
				Headings: []string{"compliance", "regulatory", "disclosures"},
				Regexes:  []string{`(?i)^.*\b(?:complian(?:ce|t)|prospectus|regulat(?:ion|ions|ory)|disclosures?|suitability)\b.*$`},
			},
		},
	}
}
