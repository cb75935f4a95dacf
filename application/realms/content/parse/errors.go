package parse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/fault"
)

// The failures of parsing, to be matched with errors.Is.
var (
	ErrEmpty       = fault.New(fault.Invalid, "empty_content", "The file has no content.")
	ErrMalformed   = fault.New(fault.Invalid, "malformed_content", "The file cannot be read.")
	ErrUnsupported = fault.New(fault.Unsupported, "unsupported_format", "This format is not supported.")
	ErrLimit       = fault.New(fault.TooLarge, "limit_exceeded", "The file exceeds a limit.")
	ErrEncrypted   = fault.New(fault.Unsupported, "encrypted_content", "The file is protected by a password; save it without one.")
	ErrOCR         = fault.New(fault.Unavailable, "capability_unavailable", "The capability \"ocr\" is not available on this server.")
	ErrFeature     = fault.New(fault.Unsupported, "unsupported_feature", "The file uses what is not supported.")
	ErrOptions     = fault.New(fault.Invalid, "invalid_parameters", "A parse option is not valid.")
)

// The failures of fixed-width records.
var (
	ErrCopybookRequired = fault.New(fault.Invalid, "copybook_required", "Fixed-width records are read by a copybook: save one and give its id as copybook_reference.")
	ErrCopybookInvalid  = fault.New(fault.Invalid, "copybook_invalid", "The copybook cannot be read.")
	ErrCopybookMismatch = fault.New(fault.Invalid, "copybook_mismatch", "The copybook does not describe this file.")
	ErrNoRecords        = fault.New(fault.Invalid, "no_records", "The file has no record.")
)

// LimitError is the cause of every ErrLimit: which limit, what it is, and what the file has (at least).
type LimitError struct {
	Name   string
	Limit  int64
	Actual int64
}

// Error names the limit and both figures.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: limit %d, actual %d", e.Name, e.Limit, e.Actual)
}

// limitWords are how the limits are called in messages to people.
var limitWords = map[string]string{ //nolint:gochecknoglobals,gosec // a read-only table of words, none a credential
	"rows": "rows", "columns": "columns", "cell_bytes": "bytes in a cell", "record_bytes": "bytes in a record",
	"depth": "levels of nesting", "text_bytes": "bytes of text", "seconds": "seconds of parsing", "file_bytes": "bytes",
	"entries": "entries in a container", "unpacked_bytes": "bytes unpacked", "unpacked_ratio": "times the packed size, unpacked",
	"nested_archives": "archives inside an archive", "xml_depth": "levels of XML elements", "attributes": "attributes of an XML element",
	"tokens": "XML tokens", "pages": "pages", "pixels": "pixels", "aliases": "times the written size, with all aliases filled in", "sheets": "sheets",
	"references": "schemas, each as often as it is referred to",
}

func exceeded(name string, limit, actual int64, place string) error {
	return ErrLimit.WithMsg("The limit is %d %s (limit: %d, actual: %d)%s.", limit, limitWords[name], limit, actual, place).
		Because(&LimitError{Name: name, Limit: limit, Actual: actual})
}

func malformed(format string, args ...any) *fault.Error { return ErrMalformed.WithMsg(format, args...) }

func badOption(name, message string) error {
	return ErrOptions.WithMsg("parse_options.%s: %s", name, message).
		WithFields(fault.Field{Pointer: "/parameters/parse_options/" + name, Code: "invalid", Message: message})
}

// classify gives every error of a parser its place in the table of failures. Errors that already have a kind, and those of
// the caller's reader or sink, are passed on.
func classify(err error, limits Limits) error {
	if err == nil {
		return nil
	}
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		seconds := int64(limits.Time.Seconds())
		return ErrLimit.WithMsg("The file could not be parsed within %d seconds.", seconds).
			Because(errors.Join(&LimitError{Name: "seconds", Limit: seconds, Actual: seconds + 1}, err))
	}
	return err
}

// clip shortens a value for a message, so that a message stays readable whatever the file holds.
func clip(s string) string {
	const most = 60
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut] + "…"
}
