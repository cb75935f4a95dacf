package bed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Keys gives the executions that each idempotency key of a client led to, by the intents that are stored.
func (b *Bed) Keys(ctx context.Context) (map[string][]string, error) {
	keys := map[string][]string{}
	return keys, b.Query(ctx, "SELECT client_key, execution_id FROM idempotency_keys", func(r *sql.Rows) error {
		var key, id string
		err := r.Scan(&key, &id)
		keys[key] = append(keys[key], id)
		return err
	})
}

// Restart stops all replicas well and starts them again with further settings.
func (b *Bed) Restart(ctx context.Context, vars ...string) error {
	return b.each(func(r *Replica) error { return errors.Join(r.Kill(), r.Start(ctx, vars...)) })
}

// Register makes a client that is a user.
func (b *Bed) Register(ctx context.Context, name string) (*Client, error) {
	c := &Client{bed: b, Name: name}
	a, err := c.Call(ctx, b.Any(), http.MethodPost, "/api/auth/register", map[string]any{
		"name": name, "email": strings.ToLower(name) + "@chaos.example", "password": "correct-horse-" + name + "-battery",
	})
	if err != nil || a.Status != http.StatusCreated {
		return nil, errors.Join(err, fmt.Errorf("register is answered with %d: %s", a.Status, a.Body))
	}
	c.Token, c.Refresh, c.Session = a.Text("access_token"), a.Text("refresh_token"), a.Text("session_id")
	return c, nil
}
