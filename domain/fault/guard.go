package fault

import (
	"fmt"
	"runtime/debug"
)

// Guard runs fn and gives its error; a panic of it is an Internal error with the stack as its cause, for the log. Whatever runs in a goroutine of
// its own runs under it, or under a guard like it: a panic nobody recovers ends the process, and with it everybody's work.
func Guard(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = As(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return fn()
}
