//go:build chaos

package chaos

import (
	"context"
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
	// at is the hit at which it happens; 0 is every hit.
	at, hits int
}

// Points are the armed places of a process. The zero value has none.
type Points struct {
	mu     sync.Mutex
	armed  map[string]*point
	report *os.File
}

// NewPoints reads "site=action[:duration][@n]" separated by commas; the actions are exit, panic, sleep, error and doerror (which lets the
// work be done and then reports an error). dir, if given, gets the protocol files of the process.
func NewPoints(spec, dir string) (*Points, error) {
	p := &Points{armed: map[string]*point{}}
	for part := range strings.SplitSeq(spec, ",") {
		if part == "" {
			continue
		}
		site, rest, ok := strings.Cut(part, "=")
		armed := &point{}
		if rest, at, found := strings.Cut(rest, "@"); found {
			n, err := strconv.Atoi(at)
			if err != nil {
				return nil, fmt.Errorf("chaos: %q: %w", part, err)
			}
			armed.at = n
			armed.action = rest
		} else {
			armed.action = rest
		}
		if action, wait, found := strings.Cut(armed.action, ":"); found {
			d, err := time.ParseDuration(wait)
			if err != nil {
				return nil, fmt.Errorf("chaos: %q: %w", part, err)
			}
			armed.action, armed.wait = action, d
		}
		if !ok || !strings.Contains(" exit panic sleep error doerror ", " "+armed.action+" ") {
			return nil, fmt.Errorf("chaos: %q is no failpoint", part)
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
	if armed.hits++; armed.at != 0 && armed.hits != armed.at {
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
