// Package tour plays the main job of the platform against a running server, as a client, and tells what happens: a visitor talks to
// the guide, uploads a file, has it parsed and assessed, registers, and goes on in the same session.
package tour

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// sampleName is the file that is uploaded when none is named.
const sampleName = "orders-240.csv"

//go:embed orders-240.csv
var sample []byte

// Options say against what the tour is played and how it is told.
type Options struct {
	// URL is the server's.
	URL string
	// File is a file of the reader's own; "" is the sample.
	File string
	// Out is where the story goes; Color paints it.
	Out   io.Writer
	Color bool
	// Timeout bounds the whole tour.
	Timeout time.Duration
}

// story is the tour as it goes on.
type story struct {
	*printer
	*client
	name    string
	content []byte
	// mine tells that the file is the reader's own, about which nothing is promised.
	mine bool

	sessionID, secret string
	socket            *socket
	fileID, contract  string
	ingested          string
	parsedID          string
	qualityID         string
	user              signedIn
	executions        []string
}

type signedIn struct {
	AccessToken string `json:"access_token"`
	SessionID   string `json:"session_id"`
	TenantID    string `json:"tenant_id"`
	UserID      string `json:"user_id"`
}

// Run plays the tour. The error says which step was not as promised.
func Run(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	s := &story{
		printer: &printer{w: o.Out, color: o.Color}, name: sampleName, content: sample,
		client: &client{base: strings.TrimRight(o.URL, "/"), http: &http.Client{Timeout: 30 * time.Second}},
	}
	if o.File != "" {
		if s.content, err = os.ReadFile(o.File); err != nil {
			return err
		}
		s.name, s.mine = filepath.Base(o.File), true
	}
	defer func() {
		if s.socket != nil {
			err = errors.Join(err, s.socket.close())
		}
		s.client.http.CloseIdleConnections()
	}()
	for _, step := range []func(context.Context) error{
		s.arrive, s.askGuide, s.uploadFile, s.save, s.parse, s.assess, s.register, s.upgrade, s.history, s.askLiaison, s.stranger,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.write("\n%s\n", s.paint("1;32", "All as promised."))
	s.write("Read on: %s/api/docs (HTTP) and %s/api/asyncapi.json (WebSocket).\n", s.base, s.base)
	return nil
}

// visitor is the anonymous session's caller.
func (s *story) visitor() caller { return caller{secret: s.secret} }

// person is a made-up user with a fresh address, so that the tour can be played again and again.
func person(name string) map[string]any {
	return map[string]any{
		"name": name, "email": strings.ToLower(strings.Fields(name)[0] + "-" + rand.Text()[:10] + "@tour.example"),
		"password": "tour-" + rand.Text(),
	}
}
