package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

// prepare makes a client of a server; what it gives beside ends the client.
type prepare func(ctx context.Context, d *deployment, url string) (client, func(), error)

// shape is one kind of load, beside its limit.
type shape struct {
	name    string
	clients int
	prepare prepare
	limit   limit
}

// limit is the same work done by a thin program.
type limit struct {
	name    string
	clients int
	prepare prepare
}

func all(store string) []shape {
	l1 := limit{"L1", 32, thin("/l1")}
	if store == "sqlite" {
		l1 = limit{"synced commits", 1, commits}
	}
	return []shape{
		{"S1", 32, createSession, l1}, {"S2", 32, readSession, limit{"L2", 32, thin("/l2")}},
		{"S3", 32, runIntent, limit{"L3", 32, thin("/l3")}}, {"S3c1", 1, runIntent, limit{"L3", 1, thin("/l3")}},
		{"S4", 64, chat, limit{"L4", 32, thinChat}}, {"S4c1", 1, chat, limit{"L4", 1, thinChat}},
	}
}

// thin asks a limit over HTTP.
func thin(path string) prepare {
	return func(_ context.Context, d *deployment, url string) (client, func(), error) {
		return func(ctx context.Context) error {
			_, err := d.call(ctx, http.MethodPost, url+path, nil, nil, http.StatusOK)
			return err
		}, nothing, nil
	}
}

// other is a shape that is not so many clients doing the same thing.
type other struct {
	name string
	// run gives a line of figures.
	run func(ctx context.Context, d *deployment, s settings) (string, error)
}

func others() []other {
	return []other{
		{"pgbench", pgbench}, {"L5", riverWork}, {"S3a", paced}, {"S6", fan}, {"T11", fair}, {"S7", logins}, {"S5", idle}, {"S8", begin}, {"S9", takeOver}, {"S10", growth}, {"S11", ingest},
	}
}

func nothing() {}

// createSession is S1.
func createSession(_ context.Context, d *deployment, url string) (client, func(), error) {
	return func(ctx context.Context) error {
		_, err := d.call(ctx, http.MethodPost, url+"/api/session/create-anonymous", nil, nil, http.StatusCreated)
		return err
	}, nothing, nil
}

// readSession is S2: with an access token, in the tenant's scope.
func readSession(_ context.Context, d *deployment, url string) (client, func(), error) {
	header := http.Header{"Authorization": {"Bearer " + d.token}}
	return func(ctx context.Context) error {
		_, err := d.call(ctx, http.MethodGet, url+"/api/session/"+d.session, header, nil, http.StatusOK)
		return err
	}, nothing, nil
}

// runIntent is S3: from the request to the completed execution, in one call that waits. Each client has a session of its own.
func runIntent(ctx context.Context, d *deployment, url string) (client, func(), error) {
	id, secret, err := d.visitor(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	body := fmt.Appendf(nil, `{"session_id":%q,"intent_type":"list_files","parameters":{}}`, id)
	header := http.Header{"X-Session-Secret": {secret}, "Prefer": {"wait=30"}}
	return func(ctx context.Context) error {
		answer, err := d.call(ctx, http.MethodPost, url+"/api/intent/submit", header, body, http.StatusOK)
		if err == nil && !bytes.Contains(answer, []byte(`"status":"completed"`)) {
			err = fmt.Errorf("not completed: %s", answer)
		}
		return err
	}, nothing, nil
}

// chat is S4: one turn of the guide on an open socket.
func chat(ctx context.Context, d *deployment, url string) (client, func(), error) {
	id, secret, err := d.visitor(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(url, "http", "ws", 1)+"/api/runtime/agent?session_id="+id,
		http.Header{"X-Session-Secret": {secret}})
	if err != nil {
		return nil, nil, err
	}
	ask, err := json.Marshal(question())
	if err != nil {
		return nil, nil, err
	}
	return func(context.Context) error { return turn(conn, ask) }, func() { _ = errors.Join(conn.Close(), res.Body.Close()) }, nil
}

// visitor makes an anonymous session.
func (d *deployment) visitor(ctx context.Context, url string) (id, secret string, err error) {
	answer, err := d.call(ctx, http.MethodPost, url+"/api/session/create-anonymous", nil, nil, http.StatusCreated)
	if err != nil {
		return "", "", err
	}
	var made struct {
		ID     string `json:"session_id"`
		Secret string `json:"session_secret"`
	}
	err = json.Unmarshal(answer, &made)
	return made.ID, made.Secret, err
}

// call sends one request and insists on its status.
func (d *deployment) call(ctx context.Context, method, url string, header http.Header, body []byte, status int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		req.Header = header.Clone()
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := d.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != status {
		err = fmt.Errorf("%s %s: %d %s", method, url, res.StatusCode, answer)
	}
	return answer, err
}
