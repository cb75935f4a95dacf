package check

// Turn is one answer of a chat. Began and Ended are times that sort as texts; empty is not yet.
type Turn struct {
	Execution, Chat string
	// Number is the place of the message among those that its sender sent.
	Number       int
	Began, Ended string
}

// Turns holds chats against the order in which their messages were sent; the turns are given in the order in which they began. "order" is a turn
// before one that was sent earlier, "overlap" one that began before the one before it had ended, "untaken" one that never ended.
func Turns(turns []Turn) Finding {
	f := newFinding()
	last := map[string]Turn{}
	for _, t := range turns {
		f.Checked++
		before, ok := last[t.Chat]
		if ok && t.Number <= before.Number {
			f.add("order", "%s: message %d was answered after message %d", t.Chat, t.Number, before.Number)
		}
		if ok && t.Began < before.Ended {
			f.add("overlap", "%s: the turn of message %d began before that of message %d had ended", t.Chat, t.Number, before.Number)
		}
		if t.Ended == "" {
			f.add("untaken", "%s: message %d was never answered", t.Chat, t.Number)
		}
		last[t.Chat] = t
	}
	return f
}
