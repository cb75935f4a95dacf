// Package schedules keeps standing orders: who may have which, and when their ticks are. Firing them is the Runtime's.
package schedules

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/schedule"
)

// DefaultZone is the zone of an order that names none.
const DefaultZone = "UTC"

// looked is how many ticks are looked at to find how close they come: all that can lie between two seconds of a minute, and a day's change.
const looked = 100

// Following gives the ticks of an order. An expression has five fields (minute, hour, day, month, weekday), with a sixth before them for
// seconds, or is one of @hourly, @daily, @weekly, @monthly, @yearly. A time that a change of clocks leaves out has no tick, one that it
// repeats has two. What cannot be
// understood is schedule.ErrOrder.
func Following(o schedule.Order) (schedule.Following, error) {
	if o.Once() {
		return func(after time.Time) time.Time {
			if o.At.After(after) {
				return o.At
			}
			return time.Time{}
		}, nil
	}
	zone, err := time.LoadLocation(zoneOf(o))
	if err != nil || zone == time.Local { //nolint:gosmopolitan // "Local" would be another zone on each machine
		return nil, wrong("/time_zone", "unknown", "an IANA name, such as Europe/Berlin")
	}
	// A zone within the expression would be a second one; @every counts from when it is asked, and so differs between processes.
	if len(o.Expression) > schedule.MaxExpression || strings.Contains(o.Expression, "=") || strings.HasPrefix(strings.TrimSpace(o.Expression), "@every") {
		return nil, wrong("/cron", "unreadable", "five fields, or six with seconds first; the zone is a field of its own")
	}
	parser := cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(o.Expression)
	if err != nil {
		return nil, wrong("/cron", "unreadable", "five fields, or six with seconds first")
	}
	return func(after time.Time) time.Time {
		next := parsed.Next(after.In(zone))
		if next.IsZero() {
			return time.Time{}
		}
		return next.UTC()
	}, nil
}

func zoneOf(o schedule.Order) string {
	if o.Zone == "" {
		return DefaultZone
	}
	return o.Zone
}

func wrong(pointer, code, message string) error {
	return schedule.ErrOrder.WithFields(fault.Field{Pointer: pointer, Code: code, Message: message})
}

// closest gives the shortest time between two of the next ticks; zero if there is only one.
func closest(following schedule.Following, now time.Time) time.Duration {
	least := time.Duration(0)
	last := following(now)
	for range looked {
		next := following(last)
		if next.IsZero() {
			break
		}
		if gap := next.Sub(last); least == 0 || gap < least {
			least = gap
		}
		last = next
	}
	return least
}
