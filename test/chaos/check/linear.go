package check

import (
	"math"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/symphainy/symphainy/test/chaos/history"
)

// Kinds of operations whose histories are held against a sequential object. Each operation names its object, its argument, and what came back.
const (
	Upgrade = "upgrade" // of a session by a user: "ok" or "refused"
	Reserve = "reserve" // of an idempotency key with a body: an execution or "refused"
	Observe = "observe" // an execution: its state
	Cancel  = "cancel"  // an execution: "ok" or "refused"
	Login   = "login"   // of a family of refresh tokens: its first one
	Refresh = "refresh" // of a token: the next one or "refused"
)

// Refused is the result of an operation that was refused.
const Refused = "refused"

// grace is how long the token before the present one is still answered, with some room; a refresh that took longer may be refused.
const grace = 8 * time.Second

// Linear holds the operations on each object against what one that did them one after the other could have answered, in an order that agrees
// with time. An operation without an answer may have happened at any later time, or not at all. It gives how many had none, too.
func Linear(ops []history.Op, patience time.Duration) (f Finding, unknown int) {
	f = newFinding()
	objects := map[string][]porcupine.Operation{}
	kinds := map[string]string{}
	clients := map[string]int{}
	for _, op := range ops {
		on, ok := op.Args.(history.On)
		if !ok {
			continue
		}
		f.Checked++
		if _, known := clients[op.Client]; !known {
			clients[op.Client] = len(clients)
		}
		o := porcupine.Operation{
			ClientId: clients[op.Client], Input: input{op.Op, on.Argument, op.End.Sub(op.Start) > grace}, Output: op.Result,
			Call: op.Start.UnixNano(), Return: op.End.UnixNano(),
		}
		if op.Outcome == history.Unknown {
			unknown++
			o.Output, o.Return = nil, math.MaxInt64
		}
		objects[on.Object] = append(objects[on.Object], o)
		kinds[on.Object] = op.Op
	}
	for object, list := range objects {
		switch porcupine.CheckOperationsTimeout(models()[kinds[object]], list, patience) {
		case porcupine.Ok:
		case porcupine.Illegal:
			f.add("not linearizable", "%s: %d operations of kind %s", object, len(list), kinds[object])
		case porcupine.Unknown:
			f.add("undecided", "%s: %d operations of kind %s", object, len(list), kinds[object])
		}
	}
	return f, unknown
}

type input struct {
	kind, argument string
	slow           bool
}

// object is the state of any of the four: a session's owner; a key's body and execution; an execution's end; a family's present token and the one
// before it.
type object struct {
	is, was string
	revoked bool
}

// unseen is a value that an operation without an answer made.
const unseen = "?"

func models() map[string]porcupine.Model {
	of := func(step func(s object, in input, out string, known bool) (bool, object)) porcupine.Model {
		return porcupine.Model{
			Init: func() any { return object{} },
			Step: func(state, in, out any) (bool, any) {
				s, _ := state.(object)
				i, _ := in.(input)
				text, known := out.(string)
				ok, next := step(s, i, text, known)
				return ok, next
			},
		}
	}
	session, key, run, family := of(upgrading), of(reserving), of(running), of(refreshing)
	return map[string]porcupine.Model{Upgrade: session, Reserve: key, Observe: run, Cancel: run, Login: family, Refresh: family}
}

// upgrading: the first user becomes the owner, and asking again changes nothing.
func upgrading(s object, in input, out string, known bool) (bool, object) {
	free := s.is == "" || s.is == in.argument
	if free && (!known || out != Refused) {
		s.is = in.argument
		return true, s
	}
	return !known || out == Refused && !free, s
}

// reserving: the first body takes the key; the same body gets the same execution, another one is refused.
func reserving(s object, in input, out string, known bool) (bool, object) {
	switch {
	case s.was == "" && !known:
		return true, object{is: unseen, was: in.argument}
	case !known:
		return true, s
	case s.was == "":
		return out != Refused, object{is: out, was: in.argument}
	case s.was != in.argument:
		return out == Refused, s
	}
	ok := out != Refused && (s.is == unseen || s.is == out)
	s.is = out
	return ok, s
}

// running: an execution ends once, by itself, and stays as it ended. A cancellation is refused only after another end.
func running(s object, in input, out string, known bool) (bool, object) {
	live := s.is == ""
	switch {
	case !known:
		return true, s
	case in.kind == Cancel && out == Refused:
		if live {
			s.is = "completed"
		}
		return s.is != "cancelled", s
	case in.kind == Cancel:
		return live || s.is == "cancelled", s
	case out == "completed" || out == "failed" || out == "cancelled":
		ok := live || s.is == out
		s.is = out
		return ok, s
	}
	return live, s
}

// refreshing: a token is followed by one other, which its repetition gets too; an older one ends the family.
func refreshing(s object, in input, out string, known bool) (bool, object) {
	present, before := in.argument == s.is, in.argument == s.was
	switch {
	case in.kind == Login:
		return true, object{is: out}
	case !known && present && !s.revoked:
		return true, object{is: unseen, was: in.argument}
	case !known && !before:
		s.revoked = true
		return true, s
	case !known:
		return true, s
	case out == Refused:
		ok := s.revoked || !present && (!before || in.slow)
		s.revoked = true
		return ok, s
	case s.revoked:
		return false, s
	case present:
		return true, object{is: out, was: in.argument}
	case before && (s.is == unseen || s.is == out):
		s.is = out
		return true, s
	}
	return false, s
}
