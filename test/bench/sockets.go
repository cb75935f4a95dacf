package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	idleSockets = 10_000
	perSession  = 100
	dialers     = 64
)

// idle is S5: what open sockets cost that say nothing, and what is left of them when they are gone.
func idle(ctx context.Context, d *deployment, _ settings) (string, error) {
	owners := make([]owner, idleSockets/perSession)
	for i := range owners {
		id, secret, err := d.visitor(ctx, d.url)
		if err != nil {
			return "", err
		}
		owners[i] = owner{id, secret}
	}
	pid := d.pids[d.url]
	files, memory, began := openFiles(pid), resident(pid), time.Now()
	conns, err := dialMany(ctx, d.url, owners, perSession)
	took := time.Since(began)
	if err == nil {
		// The server tells each socket what it is first; after that all are silent.
		for _, c := range conns {
			if _, _, err = c.ReadMessage(); err != nil {
				break
			}
		}
	}
	each := (resident(pid) - memory) / idleSockets
	for _, c := range conns {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return "", err
	}
	left := 0
	for range 100 { // closing takes the server its linger
		if left = openFiles(pid) - files; left <= 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Sprintf("%d idle sockets: connected in %s, %.1f KiB each; descriptors left after closing: %d", idleSockets, short(took), float64(each)/1024, max(left, 0)), nil
}

// owner is whose sockets they are.
type owner struct{ session, secret string }

// dialMany opens each owner's sockets. On an error what was opened is given too, for the caller to close.
func dialMany(ctx context.Context, url string, owners []owner, each int) ([]*websocket.Conn, error) {
	var (
		mu    sync.Mutex
		conns []*websocket.Conn
		errs  []error
		group sync.WaitGroup
		todo  = make(chan owner, len(owners)*each)
	)
	for range each {
		for _, o := range owners {
			todo <- o
		}
	}
	close(todo)
	for range dialers {
		group.Go(func() {
			for o := range todo {
				c, err := dial(ctx, url, o)
				mu.Lock()
				if err != nil {
					errs = append(errs, err)
				} else {
					conns = append(conns, c)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return conns, errors.Join(errs...)
}

func dial(ctx context.Context, url string, o owner) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: time.Minute, ReadBufferSize: 512, WriteBufferSize: 512}
	conn, res, err := dialer.DialContext(ctx, strings.Replace(url, "http", "ws", 1)+"/api/runtime/agent?session_id="+o.session,
		http.Header{"X-Session-Secret": {o.secret}})
	if res != nil {
		err = errors.Join(err, res.Body.Close())
	}
	return conn, err
}
