// The agent socket: it opens again after a break and goes on where it stood, so that nothing is missed and nothing shown twice.
import { at } from "./api.js";

/** @typedef {{type: string, event_type: string, data: any, execution_id?: string, conversation_id?: string, epoch?: number, seq?: number, error?: string, code?: string}} Frame */

// Close codes after which the same credentials are good no more, and those after which opening again would not help.
const newCredentials = [4401, 4409];
const never = [1002, 1003, 1007, 1009, 4403, 4404];

export class AgentSocket {
	/** @param {{frame: (f: Frame) => void, state: (s: "open"|"connecting"|"changed"|"refused") => void}} on */
	constructor(on) {
		this.on = on;
		/** @type {Map<string, {epoch: number, seq: number}>} where each execution's log stands */
		this.positions = new Map();
		/** @type {any[]} */
		this.waiting = [];
		this.pause = 250;
		this.closed = false;
		this.open();
	}

	open() {
		this.on.state("connecting");
		const url = new URL(at("/api/runtime/agent"), location.href);
		url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
		const ws = new WebSocket(url, "agent.v1");
		this.ws = ws;
		ws.addEventListener("message", (m) => this.frame(JSON.parse(m.data)));
		ws.addEventListener("close", (e) => {
			if (this.closed || this.ws !== ws) return;
			if (newCredentials.includes(e.code)) { this.on.state("changed"); return; }
			if (never.includes(e.code)) { this.on.state("refused"); return; }
			this.on.state("connecting");
			this.timer = setTimeout(() => this.open(), this.pause * (0.5 + Math.random()));
			this.pause = Math.min(this.pause * 2, 10000);
		});
	}

	/** @param {Frame} f */
	frame(f) {
		if (f.event_type === "connection.established") {
			this.pause = 250;
			// What went on while the line was down is asked for from where this page stood.
			for (const [id, p] of this.positions) this.send({ type: "stream.resume", execution_id: id, epoch: p.epoch, after_seq: p.seq });
			// An answer that was begun before this page was opened is told from its beginning.
			for (const u of f.data.position ?? []) if (u.conversation_id && !this.positions.has(u.execution_id)) this.send({ type: "stream.resume", execution_id: u.execution_id, epoch: u.epoch, after_seq: 0 });
			for (const m of this.waiting.splice(0)) this.send(m);
			this.on.state("open");
		}
		if (f.execution_id && f.seq) {
			const p = this.positions.get(f.execution_id);
			if (p && p.epoch === f.epoch && f.seq <= p.seq) return; // seen before the break
			this.positions.set(f.execution_id, { epoch: f.epoch ?? 1, seq: f.seq });
			if (["execution.completed", "execution.failed", "execution.cancelled"].includes(f.event_type)) this.positions.delete(f.execution_id);
		}
		this.on.frame(f);
	}

	/** Sends now, or when the line is up again. @param {any} message */
	send(message) {
		if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(message));
		else this.waiting.push(message);
	}

	close() {
		this.closed = true;
		clearTimeout(this.timer);
		this.ws?.close();
	}
}
