// One execution as it goes.
import { get, may, post, who } from "./api.js";
import { decision } from "./decision.js";
import { recordsAbout } from "./admin.js";
import { confirmed, fill, h, load, notice, problem, table } from "./dom.js";
import { badge } from "./executions.js";
import { number, short, span, time, words } from "./format.js";
import { follow } from "./stream.js";
import { timeline } from "./timeline.js";

const ended = ["completed", "failed", "cancelled"];

/** @param {HTMLElement} main @param {string} id */
export function execution(main, id) {
	const title = h("h1", null, "Execution"), head = h("div"), wait = h("div"), line = h("div"), made = h("div"), kin = h("div"), told = h("span.hint", { role: "status" });
	const log = h("ol.events", { "aria-label": "Events", tabindex: 0 });
	/** @type {any[]} */
	const events = [];
	let asked = "", live = true, pieces = 0, used = "";
	const draw = () => fill(line, timeline(events, live), (pieces > 0 || used) && h("p.hint", null, used, pieces > 0 && ` ${number(pieces)} pieces of an answer were streamed.`));
	const audit = may("admin") && h("section", { "aria-label": "Audit" });
	const status = async () => {
		try {
			const s = await get(`/api/execution/${id}/status`);
			live = !ended.includes(s.status);
			fill(title, words(s.intent_type));
			fill(head, facts(s), h("div.actions", null, ...controls(id, s, status)));
			// What somebody is reading or editing stays as it is.
			const hash = s.waiting?.for === "decision" ? s.waiting.arguments_hash : "";
			if (!hash || hash !== asked) fill(wait, hash ? decision(id, s.waiting, status) : s.waiting && h("p.hint", null, waitsFor(s.waiting)));
			asked = hash;
			relatives(kin, s);
			fill(made, results(s.artifacts ?? {}), who.is_anonymous || !live ? null : h("p.hint", null, "It goes on when you leave this page."));
			draw();
		} catch (err) { fill(head, problem(err)); live = false; }
	};
	const tell = (/** @type {any} */ e) => {
		events.push(e);
		if (e.event_type === "agent.completed") used = spent(e.data?.usage);
		if (e.event_type === "agent.token") pieces++; // one line for each would bury the rest
		else {
			log.append(h("li", null, h("time", { datetime: e.timestamp }, time(e.timestamp)), " ", h("b", null, e.event_type), " ",
				h("details", null, h("summary", null, short(e.data)), h("pre", null, JSON.stringify(e.data, null, 2)))));
		}
		if (e.event_type.startsWith("execution.") && !e.event_type.startsWith("execution.step.")) status(); else draw();
	};
	fill(main, title, head, wait, line, made, kin, h("h2", null, "Events ", told), log, audit, h("p.hint", null, h("a", { href: "#/executions" }, "All executions"), may("admin") && [" · ", h("a", { href: "#/operations/audit" }, "Audit trail")]));
	status();
	// A look through the whole trail: only for who asks.
	if (audit) fill(audit, h("h2", null, "Audit"), h("div.actions", null, h("button", { type: "button", onclick: () => fill(audit, h("h2", null, "Audit"), recordsAbout(id)) }, "Show its records")));
	const stop = follow(id, tell, (how) => { told.textContent = { open: "live", broken: "the line broke; it is opened again", done: "" }[how]; if (how === "done") status(); });
	const timer = setInterval(() => { if (live && !document.hidden && events.length > 0) draw(); }, 1000);
	return () => { stop(); clearInterval(timer); };
}

/** What an agent's models and tools took. @param {any} u */
const spent = (u) => (u && u.model_calls + u.tool_calls > 0 ? `Calls: ${number(u.model_calls)} of a model (${number(u.input_tokens)} tokens read, ${number(u.output_tokens)} written), ${number(u.tool_calls)} of tools.` : "");

/** What began this execution, and what it began itself. @param {HTMLElement} kin @param {any} s the status */
function relatives(kin, s) {
	const parent = s.parent_execution_id && h("p", null, "Begun by ", h("a", { href: `#/execution/${s.parent_execution_id}` }, "another execution"), ".");
	load(kin, get("/api/executions", { parent_execution_id: s.execution_id, limit: 100 }), (page) => h("div", null, parent, page.executions.length > 0 && [h("h2", null, "Began"),
		table("What it began", ["Intent", "Status", "Took"], page.executions.map((/** @type {any} */ c) => [h("a", { href: `#/execution/${c.execution_id}` }, words(c.intent_type)), badge(c.status), span(c.started_at, c.completed_at)])),
		page.next_cursor && h("p.hint", null, "These are the newest 100.")]));
}

/** @param {any} s the status */
function facts(s) {
	return [h("p", null, badge(s.status), s.state !== s.status && ` ${words(s.state)}`, ` · realm ${s.realm} · attempt ${s.attempt}`),
		h("dl.facts", null, h("dt", null, "Accepted"), h("dd", null, time(s.created_at)), h("dt", null, "Began after"), h("dd", null, s.started_at ? span(s.created_at, s.started_at) : "not yet"),
			h("dt", null, "Took"), h("dd", null, span(s.started_at, s.completed_at)), h("dt", null, "Identifier"), h("dd", null, h("code", null, s.execution_id))),
		s.progress && h("p", null, h("progress", { max: s.progress.total || 1, value: s.progress.done, "aria-label": s.progress.note || "Progress" }), ` ${s.progress.note ?? ""}`),
		s.error && h("div.problem", { role: "alert" }, h("strong", null, s.error), h("small", null, s.error_code))];
}

/** What a person may do to it now, each after a question. @param {string} id @param {any} s @param {() => void} after */
function controls(id, s, after) {
	if (!may("write")) return [];
	const act = (/** @type {string} */ verb, /** @type {string} */ question, kind = "") => h(`button${kind}`, { type: "button", onclick: async () => {
		if (!await confirmed(question, words(verb))) return;
		try {
			const done = await post(`/api/execution/${id}/${verb}`, {});
			notice(`${words(verb)}: ${done.execution_id === id ? "done" : "a new execution goes on with it"}.`);
			if (done.execution_id !== id) location.hash = `#/execution/${done.execution_id}`;
		} catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
		after();
	} }, words(verb));
	const live = !ended.includes(s.status);
	return [
		live && act("cancel", "Cancel this execution? What it has done stays or is undone by its own rules."),
		live && s.status !== "paused" && act("pause", "Pause it before its next step? It keeps what it has done."),
		s.status === "paused" && act("resume", "Let it go on from where it stopped?", ".primary"),
		["failed", "cancelled"].includes(s.status) && act("retry", "Run it again, from the first step that is not finished?", ".primary"),
	];
}

/** @param {any} w */
const waitsFor = (w) => {
	const until = w.until ? ` Until ${time(w.until)}.` : "";
	if (w.for === "children") return `Waits for ${w.total ?? "its"} executions that it began (${w.submitted ?? 0} begun).${until}`;
	return `Waits for ${w.for === "signal" ? `the signal ${w.signal}` : w.for}.${until}`;
};

/** @param {Record<string, any>} artifacts */
function results(artifacts) {
	const list = Object.entries(artifacts).filter(([, v]) => v && typeof v === "object" && v.artifact_id && !v.alias_of);
	const values = Object.entries(artifacts).filter(([k, v]) => v !== null && typeof v !== "object" && !k.endsWith("_id"));
	return list.length + values.length > 0 && [h("h2", null, "Results"),
		h("ul", null, list.map(([k, v]) => h("li", null, h("a", { href: `#/artifact/${v.artifact_id}` }, words(k)))), values.map(([k, v]) => h("li", null, `${words(k)}: `, h("span.said", null, short(v)))))];
}
