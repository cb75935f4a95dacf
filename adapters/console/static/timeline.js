// An execution over time: its attempts, steps, waits and children as bars.
import { h } from "./dom.js";
import { took, words } from "./format.js";

/** @typedef {{name: string, from: number, to: number, state: string, kind: "attempt"|"step"|"wait"|"child", link?: string}} Bar */

/**
 * What the events of an execution say of its time, in the order of their beginnings.
 * @param {any[]} events in order
 * @param {number} now where what is still open ends
 * @returns {Bar[]}
 */
export function barsOf(events, now) {
	/** @type {Bar[]} */
	const bars = [];
	const open = /** @type {Map<string, Bar>} */ (new Map());
	const begin = (/** @type {string} */ key, /** @type {Bar} */ bar) => { bars.push(bar); open.set(key, bar); };
	const end = (/** @type {string} */ key, /** @type {number} */ t, /** @type {string} */ state) => {
		const bar = open.get(key);
		if (bar) { bar.to = t; bar.state = state; open.delete(key); }
	};
	for (const e of events) {
		const t = Date.parse(e.timestamp), d = e.data ?? {};
		switch (e.event_type) {
		case "execution.started":
			end("wait", t, "completed");
			// Going on after a wait is the same attempt.
			if (open.get("attempt")?.name === `Attempt ${d.attempt ?? 1}`) break;
			end("attempt", t, "failed");
			begin("attempt", { name: `Attempt ${d.attempt ?? 1}`, from: t, to: now, state: "running", kind: "attempt" });
			break;
		case "execution.step.started":
			end("wait", t, "completed");
			begin(`step ${d.step}`, { name: words(d.step), from: t, to: now, state: "running", kind: "step" });
			break;
		case "execution.step.completed":
		case "execution.step.failed": {
			const state = e.event_type.endsWith("failed") ? "failed" : "completed";
			if (!open.has(`step ${d.step}`)) begin(`step ${d.step}`, { name: words(d.step), from: t, to: t, state, kind: "step" });
			end(`step ${d.step}`, t, state);
			break;
		}
		case "execution.waiting":
			begin("wait", { name: `Waits for ${d.waiting?.for ?? "something"}`, from: t, to: now, state: "waiting", kind: "wait" });
			break;
		case "execution.decided":
		case "execution.resumed":
			end("wait", t, "completed");
			break;
		case "execution.paused":
			begin("wait", { name: "Paused", from: t, to: now, state: "paused", kind: "wait" });
			break;
		case "execution.retrying":
			end("attempt", t, "failed");
			begin("wait", { name: "Waits for its next attempt", from: t, to: now, state: "waiting", kind: "wait" });
			break;
		case "agent.tool_result":
			if (d.tool_execution_id) bars.push({ name: `Tool ${d.tool}`, from: t, to: t, state: d.ok ? "completed" : "failed", kind: "child", link: d.tool_execution_id });
			break;
		case "execution.completed":
		case "execution.failed":
		case "execution.cancelled":
			for (const key of [...open.keys()]) end(key, t, e.event_type.slice("execution.".length));
			break;
		default:
		}
	}
	return bars;
}

/** Draws them. @param {any[]} events @param {boolean} live */
export function timeline(events, live) {
	if (events.length === 0) return null;
	const first = Date.parse(events[0].timestamp);
	const last = Math.max(live ? Date.now() : Date.parse(events[events.length - 1].timestamp), first + 1);
	const bars = barsOf(events, last);
	if (bars.length === 0) return null;
	return [h("h2", null, "Timeline"), h("ol.timeline", null, bars.map((b) => {
		const bar = h(`span.bar.${b.state}`);
		bar.style.marginLeft = `${Math.min(99.5, (100 * (b.from - first)) / (last - first))}%`;
		bar.style.width = `${Math.max(0.5, (100 * (b.to - b.from)) / (last - first))}%`;
		return h(`li.${b.kind}`, null, h("span.name", null, b.link ? h("a", { href: `#/execution/${b.link}` }, b.name) : b.name, h("span.sr", null, `, ${b.state}, after ${took(b.from - first)}`)),
			h("span.track", { "aria-hidden": "true" }, bar), h("span.took", null, b.kind === "child" ? "" : took(b.to - b.from)));
	}))];
}
