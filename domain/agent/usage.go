package agent

// ToolCall is what an agent asks for: a tool and its arguments. It is a proposal, and nothing more until it was checked.
type ToolCall struct {
	// ID tells calls of one turn apart.
	ID   string
	Name string
	// Arguments are the agent's words: they may be no JSON at all.
	Arguments []byte
}

// ToolResult is what became of a call, as the agent may read it.
type ToolResult struct {
	Call ToolCall
	// Code is why nothing was done, or why it failed; "" tells that it was done.
	Code string
	// Text says so to a person, if Code is set.
	Text string
	// Data is the result, a JSON value; nil without.
	Data []byte
	// ExecutionID is the execution that did it; "" without.
	ExecutionID string
}

// Usage is what agents use up. Cost is in millionths of the currency in which the deployment counts.
type Usage struct {
	InputTokens  int64
	OutputTokens int64
	Cost         int64
	ModelCalls   int64
	ToolCalls    int64
}

// Tokens gives input and output together.
func (u Usage) Tokens() int64 { return u.InputTokens + u.OutputTokens }

// Plus adds two usages.
func (u Usage) Plus(v Usage) Usage {
	return Usage{
		InputTokens: u.InputTokens + v.InputTokens, OutputTokens: u.OutputTokens + v.OutputTokens, Cost: u.Cost + v.Cost,
		ModelCalls: u.ModelCalls + v.ModelCalls, ToolCalls: u.ToolCalls + v.ToolCalls,
	}
}

// Minus subtracts v from u; parts may become negative, as corrections of a reservation are.
func (u Usage) Minus(v Usage) Usage {
	return u.Plus(Usage{-v.InputTokens, -v.OutputTokens, -v.Cost, -v.ModelCalls, -v.ToolCalls})
}
