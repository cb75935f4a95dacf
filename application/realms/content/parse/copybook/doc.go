// Package copybook reads COBOL copybooks and the fixed-width records that they describe, in ASCII and EBCDIC. It is pure: text in, layouts
// out; bytes in, values out.
package copybook

import "fmt"

// Error is a copybook that cannot be used.
type Error struct {
	// Unsupported tells that the copybook may be right, but uses what is not supported.
	Unsupported bool
	// Line counts from 1; 0 is the copybook as a whole.
	Line int
	Msg  string
}

// Error says what is wrong and where.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Msg
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Msg)
}

func invalid(line int, format string, args ...any) error {
	return &Error{Line: line, Msg: fmt.Sprintf(format, args...)}
}

func unsupported(line int, format string, args ...any) error {
	return &Error{Unsupported: true, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// Bounds of what a copybook may describe.
const (
	maxSource  = 1 << 20
	maxItems   = 10_000
	maxDepth   = 49
	maxOccurs  = 10_000
	maxFields  = 2_000
	maxRecord  = 1 << 20
	maxDigits  = 18
	maxText    = 64 << 10
	codeColumn = 7
	codeEnd    = 72
)
