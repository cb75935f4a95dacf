package intents

import (
	"bytes"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/symphainy/symphainy/domain/fault"
)

// ErrValue is a value that breaks the schema it was asked for with.
var ErrValue = fault.New(fault.Invalid, "invalid_response", "The response does not fit what is asked for.")

// Fits checks a JSON value against a JSON Schema. A value that does not fit is ErrValue, a broken schema an Internal error.
func Fits(schema, value []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("value.json", doc); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	compiled, err := c.Compile("value.json")
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return ErrValue
	}
	if err := compiled.Validate(v); err != nil {
		return ErrValue.Because(err)
	}
	return nil
}
