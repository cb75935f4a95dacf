// Package steps lets handlers of realms work with typed step results and parameters instead of JSON.
package steps

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Parameters decodes the validated parameters of the call's intent. They were checked against the schema at admission, so a failure is a
// difference between schema and type: Internal.
func Parameters[T any](call ports.IntentCall) (T, error) {
	var p T
	return p, decode(call.Execution().Intent.Parameters, &p)
}

// Run is IntentCall.Step with a typed result, which must survive JSON.
func Run[T any](ctx context.Context, call ports.IntentCall, name string, fn func(ctx context.Context, key string) (T, error)) (T, error) {
	raw, err := call.Step(ctx, name, func(ctx context.Context, key string) ([]byte, error) {
		result, err := fn(ctx, key)
		return encode(result, err)
	})
	return result[T](raw, err)
}

// Transact is IntentCall.Transact with a typed result, which must survive JSON.
func Transact[T any](ctx context.Context, call ports.IntentCall, name string, fn func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (T, error)) (T, error) {
	raw, err := call.Transact(ctx, name, func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
		result, err := fn(ctx, tx, now)
		return encode(result, err)
	})
	return result[T](raw, err)
}

func encode(v any, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	// Raw JSON inside v must not grow: < > & stay one byte each, because payloads are held to a size.
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fault.As(err)
	}
	return artifacts.Storable(bytes.TrimRight(out.Bytes(), "\n")), nil
}

func result[T any](raw []byte, err error) (T, error) {
	var out T
	if err != nil {
		return out, err
	}
	return out, decode(raw, &out)
}

func decode(raw []byte, into any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fault.As(err)
	}
	return nil
}
