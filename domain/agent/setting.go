package agent

import "time"

// Setting is what a tenant has set about its agents, under a subject: its posture, or one agent's definition.
type Setting struct {
	TenantID string
	Subject  string
	// Body is a JSON object.
	Body []byte
	// Version is 1 for the first; each save raises it.
	Version   int
	UpdatedBy string
	UpdatedAt time.Time
}

// Pin is a tool as a tenant has it: it may be used as long as its fingerprint is this one.
type Pin struct {
	TenantID    string
	Tool        string
	Fingerprint string
	// PinnedBy is who approved it; "" for the first use.
	PinnedBy string
	PinnedAt time.Time
}

// Account is what was used up under a subject: a turn, a session, a day of a tenant.
type Account struct {
	Tokens     int64
	Cost       int64
	ModelCalls int64
	ToolCalls  int64
	// Time is how long the model has worked.
	Time time.Duration
	// Granted is how often a person has given the limits again.
	Granted int64
}

// Plus adds two accounts.
func (a Account) Plus(b Account) Account {
	return Account{
		Tokens: a.Tokens + b.Tokens, Cost: a.Cost + b.Cost, ModelCalls: a.ModelCalls + b.ModelCalls, ToolCalls: a.ToolCalls + b.ToolCalls,
		Time: a.Time + b.Time, Granted: a.Granted + b.Granted,
	}
}

// Minus subtracts b from a.
func (a Account) Minus(b Account) Account {
	return a.Plus(Account{-b.Tokens, -b.Cost, -b.ModelCalls, -b.ToolCalls, -b.Time, -b.Granted})
}

// Steps are calls of the model and by it.
func (a Account) Steps() int64 { return a.ModelCalls + a.ToolCalls }
