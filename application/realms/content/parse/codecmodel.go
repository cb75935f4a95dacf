package parse

import "github.com/symphainy/symphainy/domain/document"

// The stored forms of what a document may hold beside text and tables.
type (
	storedWorkflow struct {
		ProcessID string       `json:"process_id"`
		Name      string       `json:"name,omitempty"`
		Nodes     []storedNode `json:"nodes"`
		Flows     []storedFlow `json:"flows,omitempty"`
		Lanes     []storedLane `json:"lanes,omitempty"`
	}
	storedNode struct {
		ID          string `json:"id"`
		Name        string `json:"name,omitempty"`
		Type        string `json:"type"`
		Kind        string `json:"kind"`
		Description string `json:"description,omitempty"`
		Actor       string `json:"actor,omitempty"`
		Parent      string `json:"parent,omitempty"`
		AttachedTo  string `json:"attached_to,omitempty"`
		DefaultFlow string `json:"default_flow,omitempty"`
	}
	storedFlow struct {
		ID        string `json:"id"`
		Source    string `json:"source"`
		Target    string `json:"target"`
		Condition string `json:"condition,omitempty"`
	}
	storedLane struct {
		ID    string   `json:"id"`
		Name  string   `json:"name,omitempty"`
		Nodes []string `json:"nodes,omitempty"`
	}
	storedSOP struct {
		Title       string             `json:"title,omitempty"`
		Sections    []string           `json:"sections,omitempty"`
		Steps       []storedStep       `json:"steps,omitempty"`
		Checkpoints []storedCheckpoint `json:"checkpoints,omitempty"`
		Roles       []string           `json:"roles,omitempty"`
	}
	storedStep struct {
		Number  int    `json:"step_number"`
		Text    string `json:"text"`
		Section string `json:"section,omitempty"`
		Level   int    `json:"level"`
		Actor   string `json:"actor,omitempty"`
	}
	storedCheckpoint struct {
		Text    string `json:"text"`
		Done    bool   `json:"done,omitempty"`
		Section string `json:"section,omitempty"`
	}
	storedSchema struct {
		Type        string             `json:"schema_type"`
		Title       string             `json:"title,omitempty"`
		Properties  []storedProperty   `json:"properties,omitempty"`
		Required    []string           `json:"required,omitempty"`
		Definitions []storedDefinition `json:"definitions,omitempty"`
		TargetModel string             `json:"target_model,omitempty"`
	}
	storedProperty struct {
		Path        string   `json:"path"`
		Types       []string `json:"types,omitempty"`
		Format      string   `json:"format,omitempty"`
		Description string   `json:"description,omitempty"`
		Required    bool     `json:"required,omitempty"`
		Enum        []string `json:"enum,omitempty"`
		Ref         string   `json:"ref,omitempty"`
		Constraints []string `json:"constraints,omitempty"`
	}
	storedDefinition struct {
		Name       string           `json:"name"`
		Properties []storedProperty `json:"properties,omitempty"`
	}
)

// storeModels puts the workflow, the procedure and the schema of a document into its stored form.
func storeModels(d *document.Document, s *storedDocument) {
	if w := d.Workflow; w != nil {
		s.Workflow = &storedWorkflow{
			ProcessID: w.ProcessID, Name: w.Name,
			Nodes: convert(w.Nodes, func(n document.Node) storedNode { return storedNode(n) }),
			Flows: convert(w.Flows, func(f document.Flow) storedFlow { return storedFlow(f) }),
			Lanes: convert(w.Lanes, func(l document.Lane) storedLane { return storedLane(l) }),
		}
	}
	if p := d.SOP; p != nil {
		s.SOP = &storedSOP{
			Title: p.Title, Sections: p.Sections, Roles: p.Roles,
			Steps:       convert(p.Steps, func(x document.SOPStep) storedStep { return storedStep(x) }),
			Checkpoints: convert(p.Checkpoints, func(x document.Checkpoint) storedCheckpoint { return storedCheckpoint(x) }),
		}
	}
	if m := d.Schema; m != nil {
		s.Schema = &storedSchema{
			Type: m.Type, Title: m.Title, Required: m.Required, TargetModel: m.TargetModel,
			Properties: convert(m.Properties, storeProperty),
			Definitions: convert(m.Definitions, func(x document.Definition) storedDefinition {
				return storedDefinition{Name: x.Name, Properties: convert(x.Properties, storeProperty)}
			}),
		}
	}
}

func storeProperty(p document.Property) storedProperty { return storedProperty(p) }

func restoreProperty(p storedProperty) document.Property { return document.Property(p) }

// restoreModels is the reverse of storeModels.
func restoreModels(s *storedDocument, d *document.Document) {
	if w := s.Workflow; w != nil {
		d.Workflow = &document.Workflow{
			ProcessID: w.ProcessID, Name: w.Name,
			Nodes: convert(w.Nodes, func(n storedNode) document.Node { return document.Node(n) }),
			Flows: convert(w.Flows, func(f storedFlow) document.Flow { return document.Flow(f) }),
			Lanes: convert(w.Lanes, func(l storedLane) document.Lane { return document.Lane(l) }),
		}
	}
	if p := s.SOP; p != nil {
		d.SOP = &document.SOP{
			Title: p.Title, Sections: p.Sections, Roles: p.Roles,
			Steps:       convert(p.Steps, func(x storedStep) document.SOPStep { return document.SOPStep(x) }),
			Checkpoints: convert(p.Checkpoints, func(x storedCheckpoint) document.Checkpoint { return document.Checkpoint(x) }),
		}
	}
	if m := s.Schema; m != nil {
		d.Schema = &document.Schema{
			Type: m.Type, Title: m.Title, Required: m.Required, TargetModel: m.TargetModel,
			Properties: convert(m.Properties, restoreProperty),
			Definitions: convert(m.Definitions, func(x storedDefinition) document.Definition {
				return document.Definition{Name: x.Name, Properties: convert(x.Properties, restoreProperty)}
			}),
		}
	}
}
