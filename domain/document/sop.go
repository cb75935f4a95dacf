package document

// SOP is a standard operating procedure as its source writes it down.
type SOP struct {
	Title string
	// Sections are the titles of the sections, outermost first joined by " / ", in order.
	Sections    []string
	Steps       []SOPStep
	Checkpoints []Checkpoint
	// Roles are the names that the procedure gives to who acts, in order of appearance.
	Roles []string
}

// SOPStep is one step. Number counts from 1 over the whole procedure.
type SOPStep struct {
	Number int
	Text   string
	// Section is the path of the section that the step stands in.
	Section string
	// Level is 1 for a step, 2 for a step of a step, and so on.
	Level int
	// Actor is who acts, if the step begins with a role and a colon; else empty.
	Actor string
}

// Checkpoint is a box to tick.
type Checkpoint struct {
	Text    string
	Done    bool
	Section string
}
