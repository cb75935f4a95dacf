//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// exitCode is that of a process that was killed.
const exitCode = 137

// point is what happens at one place, and when.
type point struct {
	action string
	wait   time.Duration
	// at is the hit at which it happens, each the distance between the hits at which it happens; without either it is every hit.
	at, each, hits int
}

// Points are the armed places of a process. The zero value has none.
type Points struct {
	mu     sync.Mutex
	armed  map[string]*point
	report *os.File
}

// NewPoints reads "site=action[:duration][@n|%n]" separated by commas; @n is the n-th hit only, %n every n-th. The actions are exit, panic,
// sleep and error. dir, if given, gets the protocol files of the process.
func NewPoints(spec, dir string) (*Points, error) {
	p := &Points{armed: map[string]*point{}}
	for part := range strings.SplitSeq(spec, ",") {
		if part == "" {
			continue
		}
		site, armed, err := parse(part)
		if err != nil {
			return nil, err
		}
		p.armed[site] = armed
	}
	if dir == "" {
		return p, nil
	}
	f, err := os.OpenFile(dir+"/protocol.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	p.report = f
	return p, err
}

// parse reads one failpoint.
func parse(part string) (site string, armed *point, err error) {
	site, action, ok := strings.Cut(part, "=")
	armed = &point{}
	var failed error
	if before, n, found := strings.Cut(action, "@"); found {
		action = before
		armed.at, err = strconv.Atoi(n)
		failed = errors.Join(failed, err)
	}
	if before, n, found := strings.Cut(action, "%"); found {
		action = before
		armed.each, err = strconv.Atoi(n)
		failed = errors.Join(failed, err)
	}
	if before, wait, found := strings.Cut(action, ":"); found {
		action = before
		armed.wait, err = time.ParseDuration(wait)
		failed = errors.Join(failed, err)
	}
	armed.action = action
	if failed != nil || !ok || !strings.Contains(" exit panic sleep error ", " "+action+" ") {
		return "", nil, errors.Join(fmt.Errorf("chaos: %q is no failpoint", part), failed)
	}
	return site, armed, nil
}

// Hit passes a place. It returns an error if the place is armed with one; some actions do not return.
func (p *Points) Hit(ctx context.Context, site string) error {
	armed := p.due(site)
	if armed == nil {
		return nil
	}
	p.Note("failpoint", site)
	switch armed.action {
	case "exit":
		os.Exit(exitCode)
	case "panic":
		panic("chaos: " + site)
	case "sleep":
		select {
		case <-time.After(armed.wait):
		case <-ctx.Done():
		}
		return nil
	}
	return fault.ErrUnavailable.Because(fmt.Errorf("chaos: %s", site))
}

func (p *Points) due(site string) *point {
	p.mu.Lock()
	defer p.mu.Unlock()
	armed := p.armed[site]
	if armed == nil {
		return nil
	}
	armed.hits++
	if armed.at != 0 && armed.hits != armed.at || armed.each != 0 && armed.hits%armed.each != 0 {
		return nil
	}
	return armed
}

// Note appends a line to the protocol that all processes of a bed share: words without spaces.
func (p *Points) Note(words ...string) {
	if p.report == nil {
		return
	}
	line := strconv.FormatInt(time.Now().UnixMicro(), 10) + " " + strconv.Itoa(os.Getpid()) + " " + strings.Join(words, " ") + "\n"
	if _, err := p.report.WriteString(line); err != nil {
		panic(err) // a bed without its protocol proves nothing
	}
}
