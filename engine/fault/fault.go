// Package fault is the one error type that crosses packages. A fault carries AWS's
// error code, an English message and the form field it concerns; the console puts it
// beside the field, the API puts its code into XML. It knows nothing of HTTP or SQL.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of mistake a fault is, so that each face of the engine can map
// it in one table (the console to an HTTP status, the API to AWS's status).
type Kind int

// The kinds of fault.
const (
	Internal   Kind = iota // ours: nothing the caller can mend
	Invalid                // the request is malformed or out of range
	NotFound               // what was named does not exist in this account
	Conflict               // what was asked clashes with what exists: a name taken, something in use
	Forbidden              // not permitted: a protected resource, a state that does not allow it
	Limit                  // a quota would be passed
	Overloaded             // try again later
)

// Error is a refusal with its reason. Format and Args are kept apart, not joined, so
// that a page can say the same thing in another language: the English format is the
// key of the translation.
type Error struct {
	Kind   Kind
	Code   string // AWS's code, such as InvalidGroup.Duplicate
	Format string // English, a fmt format
	Args   []any
	Field  string // the form field it belongs to, empty for the whole request
}

// New makes a fault. The format must be a literal: translations are looked up by it.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Format: format, Args: args}
}

// In returns the fault with the form field it concerns.
func (e *Error) In(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Message is the English sentence, as AWS's API would give it.
func (e *Error) Message() string { return fmt.Sprintf(e.Format, e.Args...) }

// Error gives the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message() }

// Of finds the fault within err; ok is false when there is none.
func Of(err error) (f *Error, ok bool) { return errors.AsType[*Error](err) }

// CodeOf is the AWS code of err: empty for nil, InternalError for an error that is no fault.
func CodeOf(err error) string {
	if err == nil {
		return ""
	}
	if f, ok := Of(err); ok {
		return f.Code
	}
	return "InternalError"
}
