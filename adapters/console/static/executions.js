// The list of executions, and one of them as it goes.
import { at, get, may, post } from "./api.js";
import { decision } from "./decision.js";
import { confirmed, field, fill, h, load, notice, problem, table } from "./dom.js";
import { short, span, time, words } from "./format.js";

const statuses = ["pending", "running", "waiting", "paused", "completed", "failed", "cancelled"];
const ended = ["completed", "failed", "cancelled"];

/** @param {string} status */
export const badge = (status) => h(`span.badge.${status}`, null, words(status));

/** @param {HTMLElement} main */
export function executions(main) {
	const list = h("div");
	const counts = h("p.hint", { role: "status" });
	const status = /** @type {HTMLSelectElement} */ (h("select", null, h("option", { value: "" }, "All"), statuses.map((s) => h("option", { value: s }, words(s)))));
	const type = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: "such as parse_content" }));
	let cursor = "";
	const draw = async (/** @type {boolean} */ more) => {
		if (!more) cursor = "";
		const page = await get("/api/executions", { status: status.value, intent_type: type.value.trim(), limit: 50, cursor });
		cursor = page.next_cursor ?? "";
		const n = /** @type {Record<string, number>} */ ({});
		for (const e of page.executions) n[e.status] = (n[e.status] ?? 0) + 1;
		counts.textContent = page.executions.length === 0 ? "" : `Shown: ${Object.entries(n).map(([s, k]) => `${k} ${s}`).join(", ")}`;
		return page.executions.length === 0 ? h("p.empty", null, "Nothing has run here yet. Upload a file, or ask the guide.")
			: [table("Executions", ["Intent", "Status", "Started", "Took", "Attempt"], page.executions.map((/** @type {any} */ e) => [
				h("a", { href: `#/execution/${e.execution_id}` }, words(e.intent_type)), badge(e.status), time(e.created_at),
				span(e.started_at, e.completed_at), e.attempt])),
			cursor && h("button", { type: "button", onclick: () => load(list, draw(true), (v) => v) }, "Older ones")];
	};
	const again = () => load(list, draw(false), (v) => v);
	status.addEventListener("change", again);
	type.addEventListener("change", again);
	fill(main, h("h1", null, "Executions"), h("div.filters", null, field("Status", status), field("Intent", type)), counts, list);
	again();
	const timer = setInterval(() => { if (!cursor && !document.hidden) again(); }, 4000);
	return () => clearInterval(timer);
}

/** @param {HTMLElement} main @param {string} id */
export function execution(main, id) {
	const head = h("div"), wait = h("div"), line = h("div"), made = h("div"), log = h("ol.events", { "aria-label": "Events" });
	/** @type {any[]} */
	const events = [];
	const act = async (/** @type {string} */ verb, /** @type {string} */ question) => {
		if (question && !await confirmed(question, words(verb))) return;
		try {
			const after = await post(`/api/execution/${id}/${verb}`, {});
			if (after.execution_id && after.execution_id !== id) location.hash = `#/execution/${after.execution_id}`;
			notice(`${words(verb)}: asked for.`);
			status();
		} catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
	};
	const status = async () => {
		try {
			const s = await get(`/api/execution/${id}/status`);
			const live = !ended.includes(s.status);
			fill(head, h("p", null, badge(s.status), ` attempt ${s.attempt} · ${time(s.created_at)} · ${span(s.started_at, s.completed_at)}`),
				s.progress && h("progress", { max: s.progress.total || 1, value: s.progress.done, "aria-label": s.progress.note || "Progress" }),
				s.error && h("div.problem", { role: "alert" }, h("strong", null, s.error), h("small", null, s.error_code)),
				may("write") && h("div.actions", null,
					live && h("button", { type: "button", onclick: () => act("cancel", "Cancel this execution? What it has done stays or is undone by its own rules.") }, "Cancel"),
					live && s.status !== "paused" && h("button", { type: "button", onclick: () => act("pause", "") }, "Pause"),
					s.status === "paused" && h("button.primary", { type: "button", onclick: () => act("resume", "") }, "Resume"),
					s.status === "failed" && h("button.primary", { type: "button", onclick: () => act("retry", "Run it again, from the first step that is not finished?") }, "Retry")));
			fill(wait, s.waiting?.for === "decision" ? decision(id, s.waiting) : s.waiting && h("p.hint", null, `Waits for ${s.waiting.for}.`));
			const results = Object.entries(s.artifacts ?? {}).filter(([, v]) => v && typeof v === "object" && /** @type {any} */ (v).artifact_id && !/** @type {any} */ (v).alias_of);
			const values = Object.entries(s.artifacts ?? {}).filter(([, v]) => typeof v !== "object");
			fill(made, results.length + values.length > 0 && h("h2", null, "Results"),
				h("ul", null, results.map(([k, v]) => h("li", null, h("a", { href: `#/artifact/${/** @type {any} */ (v).artifact_id}` }, words(k)))),
					values.map(([k, v]) => h("li", null, `${words(k)}: ${short(v)}`))));
			fill(main.querySelector("h1") ?? main, words(s.intent_type));
		} catch (err) { fill(head, problem(err)); }
	};
	const event = (/** @type {any} */ e) => {
		events.push(e);
		log.append(h("li", null, h("time", { datetime: e.timestamp }, time(e.timestamp)), " ", h("b", null, e.event_type), " ", h("code", null, short(e.data))));
		fill(line, timeline(events));
		if (e.event_type.startsWith("execution.")) status();
	};
	fill(main, h("h1", null, "Execution"), head, wait, line, made, h("h2", null, "Events"), log, h("p.hint", null, h("a", { href: "#/executions" }, "All executions")));
	status();
	const source = new EventSource(at(`/api/execution/${id}/events`));
	const seen = new Set();
	const take = (/** @type {MessageEvent} */ m) => {
		const e = JSON.parse(m.data);
		if (!e.event_type || seen.has(e.seq)) return;
		seen.add(e.seq);
		event(e);
		if (["execution.completed", "execution.failed", "execution.cancelled"].includes(e.event_type)) source.close();
	};
	source.addEventListener("message", take);
	for (const t of known) source.addEventListener(t, /** @type {EventListener} */ (take));
	source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) status(); });
	return () => source.close();
}

// Server-sent events are named by their type, and a listener is per name.
const known = ["accepted", "started", "progress", "step.started", "step.completed", "step.failed", "waiting", "decided", "paused", "resumed", "retrying",
	"completed", "failed", "cancelled"].map((t) => `execution.${t}`).concat(["artifact.created", "artifact.updated", "agent.started", "agent.token",
	"agent.tool_call", "agent.tool_result", "agent.waiting", "agent.completed", "agent.failed"]);

/** Steps, waits and attempts as bars over time. @param {any[]} events */
function timeline(events) {
	/** @type {Array<{name: string, from: number, to: number, state: string}>} */
	const bars = [];
	const open = /** @type {Map<string, any>} */ (new Map());
	for (const e of events) {
		const t = Date.parse(e.timestamp);
		const name = e.event_type.startsWith("execution.step.") ? `Step ${e.data.step}` : e.event_type === "execution.waiting" ? `Waits for ${e.data.waiting?.for ?? "something"}` : "";
		if (e.event_type === "execution.step.started" || e.event_type === "execution.waiting") {
			const bar = { name, from: t, to: t, state: e.event_type === "execution.waiting" ? "waiting" : "running" };
			bars.push(bar);
			open.set(name, bar);
		} else if (e.event_type.startsWith("execution.step.")) {
			const bar = open.get(name) ?? { name, from: t, to: t, state: "" };
			if (!open.has(name)) bars.push(bar);
			bar.to = t;
			bar.state = e.event_type.endsWith("failed") ? "failed" : "completed";
			open.delete(name);
		} else if (e.event_type.startsWith("execution.")) {
			for (const bar of open.values()) { bar.to = t; if (bar.state === "waiting") open.delete(bar.name); }
		}
	}
	if (bars.length === 0) return null;
	const first = Date.parse(events[0].timestamp);
	const last = Math.max(Date.parse(events[events.length - 1].timestamp), first + 1);
	return [h("h2", null, "Timeline"), h("ol.timeline", null, bars.map((b) => {
		const bar = h(`span.bar.${b.state || "completed"}`);
		bar.style.marginLeft = `${(100 * (b.from - first)) / (last - first)}%`;
		bar.style.width = `${Math.max(0.5, (100 * (b.to - b.from)) / (last - first))}%`;
		return h("li", null, h("span.name", null, b.name), h("span.track", { "aria-hidden": "true" }, bar), h("span.took", null, `${b.to - b.from} ms`));
	}))];
}
