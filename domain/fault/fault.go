// Package fault is the one error type of the core. Every failure that a caller may act on is a *Error with a Kind
// (which decides the protocol status, once per protocol), a stable Code (which programs match on) and a Msg (which people read).
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a failure. Each protocol maps every Kind exactly once to its own status.
type Kind int

// The kinds. The comment names the HTTP status that contract.md gives each.
const (
	// Internal is a bug or an unexpected failure (500). Its message never reaches a client.
	Internal Kind = iota
	// Malformed is input that cannot be read at all (400).
	Malformed
	// Unauthenticated is a missing or refused credential (401).
	Unauthenticated
	// Denied is a known caller without the right (403).
	Denied
	// NotFound is an unknown object, or one of somebody else: the two are indistinguishable (404).
	NotFound
	// Conflict is a request that the object's present state does not allow (409).
	Conflict
	// Gone is an object that existed and whose life is over (410).
	Gone
	// TooLarge is input over a limit (413).
	TooLarge
	// Unsupported is a format or feature we do not handle (415).
	Unsupported
	// Invalid is well-formed input with a wrong value (422).
	Invalid
	// Limited is a caller over a rate or queue limit (429); RetryAfter says when to come back.
	Limited
	// Unavailable is a dependency that is gone for the moment (503); RetryAfter says when to come back.
	Unavailable
	// Quota is a store that is full for this caller (507).
	Quota
)

// Field is one wrong place of an input.
type Field struct {
	// Pointer is an RFC 6901 JSON pointer into the request body.
	Pointer string
	// Code is the stable name of the fault, such as "missing".
	Code string
	// Message says to a person what to do.
	Message string
}

// Error is a failure with a meaning. The zero value is not useful; make it with New.
// Msg is a constant text or made of the caller's own input: never a driver's text, a path, or a fact of another tenant.
type Error struct {
	Kind       Kind
	Code       string
	Msg        string
	Fields     []Field
	RetryAfter time.Duration
	cause      error
}

// New makes an error of a kind. Declare sentinels with it and match them with errors.Is.
func New(kind Kind, code, msg string) *Error { return &Error{Kind: kind, Code: code, Msg: msg} }

// Newf is New with a formatted message.
func Newf(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Error gives the code, the message and the cause: the text for the log, not for a client.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.Msg + ": " + e.cause.Error()
	}
	return e.Code + ": " + e.Msg
}

// Unwrap gives the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is a *Error of the same kind and code, whatever its message.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code && t.Kind == e.Kind
}

// Because returns a copy of e that wraps cause. The cause reaches logs only.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// WithMsg returns a copy of e with another message for people.
func (e *Error) WithMsg(format string, args ...any) *Error {
	c := *e
	c.Msg = fmt.Sprintf(format, args...)
	return &c
}

// WithFields returns a copy of e that names the wrong places.
func (e *Error) WithFields(fields ...Field) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), fields...)
	return &c
}

// After returns a copy of e that tells the caller when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// As finds the *Error in err's chain; an error without one is an Internal error that wraps it. As(nil) is nil.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Internal, "internal", "an unexpected error happened").Because(err)
}

// none is the kind of no error at all: equal to no other.
const none Kind = -1

// KindOf gives the kind of err's *Error, Internal if it has none. KindOf(nil) equals none of the kinds.
func KindOf(err error) Kind {
	if err == nil {
		return none
	}
	return As(err).Kind
}

// Sentinels that are not of one aggregate.
var (
	// ErrNotFound is the one answer for unknown and foreign objects: no id is echoed.
	ErrNotFound = New(NotFound, "not_found", "There is no such object, or it is not yours.")
	// ErrStale is a save of an aggregate that somebody else has changed since it was read.
	ErrStale = New(Conflict, "stale", "The object was changed by somebody else; read it again.")
	// ErrDuplicate is an insert whose unique key exists.
	ErrDuplicate = New(Conflict, "duplicate", "An object with this key exists.")
	// ErrUnavailable is a store, queue or bus that does not answer.
	ErrUnavailable = New(Unavailable, "unavailable", "The service cannot reach its store just now; try again.").After(2 * time.Second)
	// ErrPermission is a caller who is known and lacks a right.
	ErrPermission = New(Denied, "permission_denied", "Your role does not allow this.")
	// ErrTenantMismatch is a tenant or user named in the input that is not the credential's.
	ErrTenantMismatch = New(Denied, "tenant_mismatch", "tenant_id and user_id must be those of your credential.")
	// ErrUnauthenticated is a request without an acceptable credential.
	ErrUnauthenticated = New(Unauthenticated, "unauthenticated", "A valid credential is needed.")
)
