package runtime

import (
	"sync"

	"github.com/symphainy/symphainy/domain/execution"
)

// suspect keeps apart what owners may have died of. An execution that ends its process takes with it what runs beside it, and the sweep hands
// both over together, so that both would use up their claims. Once an execution has used more than half of them, it runs with no other such one
// in its process: those that only died beside the culprit are claimed by another process, or after it.
type suspect struct {
	mu sync.Mutex
	id string
}

// suspected reports whether an execution is to be kept apart. One that has no claim left runs no more.
func (c Config) suspected(s execution.Snapshot) bool {
	return s.Attempt > 1 && 2*s.Attempt > c.MaxClaims && s.Attempt <= c.MaxClaims
}

// enter takes the one place; the execution that has it may ask again.
func (s *suspect) enter(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id != "" && s.id != id {
		return false
	}
	s.id = id
	return true
}

// leave frees the place of an execution, if it had it.
func (s *suspect) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id == id {
		s.id = ""
	}
}
