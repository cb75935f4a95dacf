// The log of one execution as it grows: read again from where it stood whenever the line breaks, so nothing is missed and nothing told twice.
import { at } from "./api.js";

/**
 * Divides a stream of server-sent events: what is whole, and the rest that is not yet.
 * @param {string} text
 * @returns {{events: any[], rest: string}}
 */
export function divide(text) {
	const blocks = text.split("\n\n");
	const rest = blocks.pop() ?? "";
	const events = [];
	for (const block of blocks) {
		const data = block.split("\n").filter((l) => l.startsWith("data:")).map((l) => l.slice(5).trimStart()).join("\n");
		if (data) events.push(JSON.parse(data));
	}
	return { events, rest };
}

/**
 * Follows a log to its end.
 * @param {string} id the execution
 * @param {(e: any) => void} tell called for each event, in order
 * @param {(how: "open"|"broken"|"done") => void} line
 * @returns {() => void} stops it
 */
export function follow(id, tell, line) {
	const stop = new AbortController();
	let seen = 0, pause = 250;
	const read = async () => {
		const answer = await fetch(at(`/api/execution/${id}/events`, { after_seq: seen }), { headers: { Accept: "text/event-stream" }, credentials: "same-origin", signal: stop.signal });
		if (!answer.ok || !answer.body) return answer.status < 500 && answer.status !== 429; // asking again would not help
		line("open");
		pause = 250;
		const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
		let text = "";
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return false;
			const { events, rest } = divide(text + value.replaceAll("\r\n", "\n"));
			text = rest;
			for (const e of events) {
				if (!e.event_type || e.seq <= seen) continue;
				seen = e.seq;
				tell(e);
				if (ends(e.event_type)) return true;
			}
		}
	};
	const go = async () => {
		while (!stop.signal.aborted) {
			try { if (await read()) break; } catch { /* the line broke; it is opened again */ }
			if (stop.signal.aborted) return;
			line("broken");
			await new Promise((later) => { setTimeout(later, pause); });
			pause = Math.min(pause * 2, 10000);
		}
		line("done");
	};
	go();
	return () => stop.abort();
}

/** @param {string} type */
export const ends = (type) => ["execution.completed", "execution.failed", "execution.cancelled"].includes(type);
