package wsapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	// listPage is how many executions are read at once.
	listPage = 200
	// clockMargin is how far the clocks of replicas may be apart: what ended so shortly before the handshake is remembered with its
	// position, so that it is neither taken for new nor missed.
	clockMargin = 10 * time.Second
)

// Agent serves GET /api/runtime/agent: messages to agents, and all events of the session's executions.
func (h *Hub) Agent() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &agentSocket{}
		h.serve(w, r, handler{
			enter: func(ctx context.Context, _ *http.Request, o offer) (caller, error) {
				s.greetsOlder = o.older
				return h.authenticate(ctx, o, false)
			},
			prepare: func(ctx context.Context, who caller) error { return s.prepare(ctx, h, who) },
			run: func(ctx context.Context, open *socket) {
				s.socket = open
				s.run(ctx)
			},
		})
	})
}

// agentSocket is a socket of a session.
type agentSocket struct {
	*socket
	feed follower
	// recent is what the handshake has read of the session; the open socket does not keep it.
	recent []execution.Snapshot
	// greetsOlder tells that the handshake was an older client's, which waits for the greeting of its dialect.
	greetsOlder bool
}

// prepare reads where the session stands.
func (s *agentSocket) prepare(ctx context.Context, h *Hub, who caller) (err error) {
	s.feed.since = h.Clock.Now().Add(-clockMargin)
	if h.Active != nil {
		active, err := h.calm.stirs(ctx, ports.SessionKey{TenantID: who.principal.TenantID, SessionID: who.session.ID()}, s.feed.since)
		if err != nil || !active {
			return err
		}
	}
	s.recent, err = h.executions(ctx, who, ports.ExecutionFilter{ActiveSince: s.feed.since})
	return err
}

// run says where the session stands, follows it, and reads until the end.
func (s *agentSocket) run(context.Context) {
	who := s.caller()
	s.feed.socket = s.socket
	s.feed.key = tailKey{who.principal.Scope(), who.session.ID()}
	s.feed.tail = s.hub.tails.hold(s.feed.key)
	defer s.feed.leave()
	s.feed.tail.welcome(&s.feed, s.recent, func(at []position) { //nolint:contextcheck // a tail has the life of its holders, none of whose contexts it is
		hello := established{SessionID: who.session.ID(), IsAnonymous: who.principal.Anonymous(), Position: at}
		if id := who.principal.UserID; id != "" {
			hello.UserID = &id
		}
		s.tell(eventEstablished, hello, runtimeEvent{})
	})
	s.recent = nil
	if s.greetsOlder {
		s.greetOlder()
	}
	s.conn.read(s.message)
}

// executions gives those of the session that the filter lets through, oldest first.
func (h *Hub) executions(ctx context.Context, who caller, filter ports.ExecutionFilter) ([]execution.Snapshot, error) {
	filter.SessionID = who.session.ID()
	var all []execution.Snapshot
	for page := (ports.Page{Limit: listPage}); ; page.After = all[len(all)-1].ID {
		list, err := h.Runtime.Executions(ctx, who.principal.Scope(), filter, page)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(list) < listPage {
			slices.Reverse(all)
			return all, nil
		}
	}
}

// message handles one text frame of the client.
func (s *agentSocket) message(data []byte) {
	ctx, cancel := context.WithTimeout(s.conn.ctx, s.hub.cfg.HandleTime)
	defer cancel()
	if err := s.verify(ctx); err != nil {
		if !s.refuse(err) {
			s.settle(err)
		}
		return
	}
	kind, err := frameType(data)
	if err != nil {
		s.settle(err)
		return
	}
	switch kind {
	case frameMessage:
		err = s.say(ctx, data)
	case frameCancel:
		err = s.cancel(ctx, data)
	case frameDecision:
		err = s.decision(ctx, data)
	case frameResume:
		err = s.resume(ctx, data)
	case frameUpgrade:
		err = s.upgrade(ctx, data)
	case frameIntent:
		err = s.intent(ctx, data)
	case frameSafety:
		err = s.safety(ctx, data)
	default:
		err = s.common(ctx, kind, data)
	}
	s.settle(err)
}

// say passes a message on to its agent. The answer comes as events of the execution that it started.
func (s *agentSocket) say(ctx context.Context, data []byte) error {
	var f messageFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	if f.WhenBusy != "" && !slices.Contains([]string{"reject", "enqueue", "interrupt"}, f.WhenBusy) {
		return errValue.WithMsg("when_busy is reject, enqueue or interrupt.")
	}
	s.older.set(false)
	who := s.caller()
	sent, err := s.hub.Conversations.Send(ctx, who.principal, conversation.MessageCommand{
		SessionID: who.session.ID(), Text: f.Text, Surface: f.Context.Surface, ConversationID: f.Context.ConversationID,
		MessageID: f.MessageID, WhenBusy: f.WhenBusy, TraceID: s.trace,
	})
	if err != nil || !sent.Repeated {
		return err
	}
	return s.feed.again(ctx, who.principal.Scope(), sent.Execution.ID, sent.Execution.Intent.Lane)
}

func (s *agentSocket) cancel(ctx context.Context, data []byte) error {
	var f cancelFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	if err := found(typeid.Valid(typeid.Execution, f.ExecutionID)); err != nil {
		return err
	}
	_, err := s.hub.Runtime.Cancel(ctx, s.caller().principal, f.ExecutionID)
	return err
}

// decision takes what somebody decided. What follows comes as events of the execution.
func (s *agentSocket) decision(ctx context.Context, data []byte) error {
	var f decisionFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	if err := found(typeid.Valid(typeid.Execution, f.ExecutionID)); err != nil {
		return err
	}
	_, err := s.hub.Control.Decide(ctx, s.caller().principal, f.ExecutionID, ports.DecisionCommand{
		Verdict: execution.Verdict(f.Decision), Response: f.Response, ArgumentsHash: f.ArgumentsHash,
	})
	return err
}

// resume goes back in one execution's log, or to the start of all unfinished executions of a conversation.
func (s *agentSocket) resume(ctx context.Context, data []byte) error {
	var f resumeFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	if (f.ExecutionID == "") == (f.ConversationID == "") {
		return errValue.WithMsg("stream.resume names one of execution_id and conversation_id.")
	}
	who := s.caller()
	scope := who.principal.Scope()
	if f.ExecutionID != "" {
		if err := found(typeid.Valid(typeid.Execution, f.ExecutionID)); err != nil {
			return err
		}
		e, err := s.hub.Runtime.Execution(ctx, scope, f.ExecutionID)
		if err != nil {
			return err
		}
		if e.SessionID != who.session.ID() {
			return fault.ErrNotFound // another session of the same person has its own socket
		}
		return s.feed.replay(ctx, scope, e.ID, e.Intent.Lane, ports.Position{Epoch: f.Epoch, Seq: f.AfterSeq})
	}
	return s.resumeConversation(ctx, who, f.ConversationID)
}

// resumeConversation goes back to the start of a conversation's unfinished executions. The client may know it by a name of its own.
func (s *agentSocket) resumeConversation(ctx context.Context, who caller, name string) error {
	newest, err := s.hub.Conversations.History(ctx, who.principal, who.session.ID(), name, 0, 1)
	if err != nil {
		return err
	}
	list, err := s.hub.executions(ctx, who, ports.ExecutionFilter{Status: execution.Live()})
	if err != nil {
		return err
	}
	none := true
	for _, e := range list {
		if len(newest) == 0 || e.Intent.Lane != newest[0].ConversationID {
			continue
		}
		none = false
		if err := s.feed.replay(ctx, who.principal.Scope(), e.ID, e.Intent.Lane, ports.Position{}); err != nil {
			return err
		}
	}
	if none {
		s.tell(eventResumed, resumed{Recovered: true, FromSeq: 1}, runtimeEvent{ConversationID: name})
	}
	return nil
}

// upgrade gives the session to the user of the token, on this very socket. Following stops before and goes on after from the same
// positions under the new scope, so the upgrade loses and doubles nothing; the sockets that did not send both halves get 4409.
func (s *agentSocket) upgrade(ctx context.Context, data []byte) error {
	var f upgradeFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	if f.AccessToken == "" || f.SessionSecret == "" {
		return errValue.WithMsg("session.upgrade needs access_token and session_secret.")
	}
	s.feed.pause()
	up, err := s.rebind(ctx, f)
	who := s.caller()
	if err == nil {
		s.tellUpgrade(up)
	}
	s.feed.enter(who.principal.Scope(), who.session.ID()) //nolint:contextcheck // following outlives the message
	return err
}

// rebind upgrades the session and takes its new principal, while nobody may judge the old one.
func (s *agentSocket) rebind(ctx context.Context, f upgradeFrame) (trafficcop.Upgraded, error) {
	s.auth.Lock()
	defer s.auth.Unlock()
	up, err := s.hub.Sessions.Upgrade(ctx, trafficcop.UpgradeCommand{
		SessionID: s.who.session.ID(), Secret: f.SessionSecret, AccessToken: f.AccessToken,
	})
	if err != nil {
		return up, err
	}
	s.who = caller{principal: up.Principal, session: up.Session}
	s.hub.watch.join(s.socket, s.who) //nolint:contextcheck // the watch has the life of the hub, not of a message
	s.seat.move(places(up.Principal, up.Session.ID(), s.address))
	return up, nil
}

func (s *agentSocket) tellUpgrade(up trafficcop.Upgraded) {
	data := upgraded{
		SessionID: up.Session.ID(), UserID: up.Principal.UserID, TenantID: up.Principal.TenantID, Epoch: up.Session.Epoch(),
		AccessToken: up.AccessToken,
	}
	if !up.Claims.ExpiresAt.IsZero() {
		at := up.Claims.ExpiresAt.UTC()
		data.ExpiresAt = &at
	}
	s.tell(eventUpgraded, data, runtimeEvent{})
}
