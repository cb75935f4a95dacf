package schedule

import (
	"cmp"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// Errors of schedules.
var (
	// ErrOrder is a schedule that says something impossible; its fields name what.
	ErrOrder = fault.New(fault.Invalid, "invalid_schedule", "The schedule is not valid.")
	// ErrNever is a schedule without any tick to come.
	ErrNever = fault.New(fault.Invalid, "schedule_never_fires", "The schedule has no time to come at which it would act.")
	// ErrVisitor is a schedule for somebody who has not signed in.
	ErrVisitor = fault.New(fault.Denied, "sign_in_required", "Only who has signed in may have schedules.")
	// ErrEnded is a request to a schedule that is over.
	ErrEnded = fault.New(fault.Conflict, "schedule_ended", "The schedule has ended.")
	// ErrTooMany is one schedule more than a tenant may have.
	ErrTooMany = fault.New(fault.Conflict, "too_many_schedules", "Your tenant has as many schedules as it may; delete one.")
)

// What holds for an order that leaves it open.
const (
	DefaultWindow     = time.Hour
	DefaultWindowOnce = 24 * time.Hour
	DefaultLimit      = 10
)

// Once reports whether the order has one tick.
func (o Order) Once() bool { return o.Expression == "" }

// checked gives the order with what it leaves open, or says what is wrong with it. The expression's and the zone's meaning, the intent and
// its parameters are not judged here.
func (o Order) checked() (Order, error) {
	var wrong []fault.Field
	refuse := func(pointer, code, message string) {
		wrong = append(wrong, fault.Field{Pointer: pointer, Code: code, Message: message})
	}
	if len(o.Name) > MaxName {
		refuse("/name", "too_long", "at most 200 bytes")
	}
	switch {
	case o.Expression == "" && o.At.IsZero():
		refuse("/cron", "missing", "give cron, or at for a single run")
	case o.Expression != "" && !o.At.IsZero():
		refuse("/at", "conflict", "give either cron or at")
	case len(o.Expression) > MaxExpression:
		refuse("/cron", "too_long", "at most 100 bytes")
	}
	if len(o.Parameters) > MaxParameters {
		refuse("/parameters", "too_long", "at most 64 KiB")
	}
	o.Overlap, o.CatchUp = cmp.Or(o.Overlap, Skip), cmp.Or(o.CatchUp, CatchUpLast)
	if o.Window == 0 {
		if o.Window = DefaultWindow; o.Once() {
			o.Window = DefaultWindowOnce
		}
	}
	o.Limit = cmp.Or(o.Limit, DefaultLimit)
	switch o.Overlap {
	case Skip, Buffer, Allow, CancelOther:
	default:
		refuse("/overlap", "unknown", "skip, buffer, allow or cancel_other")
	}
	switch o.CatchUp {
	case CatchUpNone, CatchUpLast, CatchUpAll:
	default:
		refuse("/catch_up", "unknown", "none, last or all")
	}
	if o.Window < OnTime || o.Window > MaxWindow {
		refuse("/catch_up_window", "out_of_range", "10 seconds to 7 days")
	}
	if o.Limit < 1 || o.Limit > MaxCatchUp {
		refuse("/catch_up_limit", "out_of_range", "1 to 100")
	}
	if len(wrong) > 0 {
		return o, ErrOrder.WithFields(wrong...)
	}
	return o, nil
}
