// For those who run the server: is everything there, what is queued, waiting and stuck.
import { call, get, may } from "./api.js";
import { fill, h, load, table } from "./dom.js";
import { number, span, words } from "./format.js";
import { bars } from "./plot.js";

/** @param {HTMLElement} main */
export function operations(main) {
	const health = h("div"), queues = h("div");
	const again = () => {
		load(health, call("GET", "/health/ready").catch((err) => { if (err.status === 503) return { status: err.detail, checks: {} }; throw err; }), (r) => [
			h("p", null, h(`span.badge.${r.status === "ready" ? "healthy" : "failed"}`, null, words(r.status))),
			h("ul", null, Object.entries(r.checks).map(([name, state]) => h("li", null, `${words(name)}: `, h(`span.badge.${state === "ok" ? "healthy" : "waiting"}`, null, String(state)))))]);
		if (may("admin")) load(queues, get("/api/admin/queues"), drawQueues);
	};
	fill(main, h("h1", null, "Operations"), h("h2", null, "Health"), health, h("h2", null, "Work"),
		may("admin") ? queues : h("p.hint", null, "What is queued is shown to administrators."));
	again();
	const timer = setInterval(() => { if (!document.hidden) again(); }, 5000);
	return () => clearInterval(timer);
}

/** @param {any} q */
function drawQueues(q) {
	const list = q.queues ?? q.items ?? [];
	if (list.length === 0) return h("p.empty", null, "Nothing is queued, running or waiting.");
	const states = ["queued", "running", "waiting", "paused", "stuck"];
	const total = (/** @type {string} */ s) => list.reduce((/** @type {number} */ n, /** @type {any} */ r) => n + (r[s] ?? 0), 0);
	return [bars("Now", states.map((s) => ({ name: words(s), value: total(s), of: 0 }))),
		table("Work by intent", ["Intent", ...states.map(words), "Oldest"], list.map((/** @type {any} */ r) => [words(r.intent_type), ...states.map((s) => number(r[s] ?? 0)), span(r.oldest_due_at ?? r.oldest_at)]))];
}
