// For those who run the server: is everything there, and what is queued, waiting and stuck.
import { audit, people, sessions, tenants } from "./admin.js";
import { call, get, may, who } from "./api.js";
import { fill, h, load, table } from "./dom.js";
import { number, span, took, words } from "./format.js";
import { spark } from "./plot.js";

/** @typedef {{tenant_id: string, intent_type: string, state: string, count: number, stuck: number, oldest_at: string}} Queue */

const states = ["accepted", "running", "waiting", "retrying", "paused"];

// How often it looks, in milliseconds, and how many looks the plots hold.
const every = 3000, kept = 60;

/**
 * One row for each tenant and intent, with a number for each state.
 * @param {Queue[]} queues
 */
export function matrix(queues) {
	/** @type {Map<string, {tenant: string, type: string, counts: Record<string, number>, stuck: number, oldest: string}>} */
	const found = new Map();
	for (const q of queues) {
		const key = `${q.tenant_id} ${q.intent_type}`;
		const row = found.get(key) ?? { tenant: q.tenant_id, type: q.intent_type, counts: {}, stuck: 0, oldest: q.oldest_at };
		row.counts[q.state] = (row.counts[q.state] ?? 0) + q.count;
		row.stuck += q.stuck;
		if (q.oldest_at < row.oldest) row.oldest = q.oldest_at;
		found.set(key, row);
	}
	return [...found.values()].sort((a, b) => b.stuck - a.stuck || a.oldest.localeCompare(b.oldest));
}

/** @type {Array<{name: string, title: string, open: (main: HTMLElement) => (void | (() => void))}>} */
const tabs = [
	{ name: "", title: "Overview", open: overview }, { name: "users", title: "Users", open: people }, { name: "sessions", title: "Sessions", open: sessions },
	{ name: "tenants", title: "Tenants", open: tenants }, { name: "audit", title: "Audit", open: audit },
];

/** @param {HTMLElement} main @param {string} id one of the tabs */
export function operations(main, id) {
	const tab = (may("admin") && tabs.find((t) => t.name === id)) || tabs[0], box = h("div");
	fill(main, h("h1", null, "Operations"), may("admin") && h("nav", { "aria-label": "Operations" }, h("ul.tabs", null, tabs.map((t) => h("li", null,
		h("a", { href: `#/operations${t.name && `/${t.name}`}`, "aria-current": t === tab ? "page" : null }, t.title))))), box);
	return tab.open(box);
}

/** @param {HTMLElement} main */
function overview(main) {
	const health = h("div"), work = h("div"), plots = h("div.tiles"), became = h("div"), scope = may("operate") ? "platform" : "tenant";
	/** @type {Record<string, number[]>} */
	const past = { live: [], stuck: [], answer: [], ended: [], longest: [] };
	const note = (/** @type {string} */ name, /** @type {number} */ value) => { past[name].push(value); past[name].splice(0, past[name].length - kept); };
	const ready = async () => {
		const before = performance.now();
		try {
			return await call("GET", "/health/ready");
		} catch (err) {
			if (/** @type {any} */ (err).status !== 503) throw err;
			return { status: /** @type {any} */ (err).detail, checks: {} };
		} finally { note("answer", performance.now() - before); }
	};
	let total = -1;
	const again = async () => {
		await load(health, ready(), drawHealth);
		if (may("admin")) {
			await load(work, get("/api/admin/queues", { scope }), (q) => {
				note("live", q.count);
				note("stuck", q.stuck);
				return drawWork(q);
			});
			await load(became, get("/api/admin/control-room/execution-metrics", { scope, hours: 24 }), (m) => {
				const ended = m.completed + m.failed + m.cancelled;
				if (total >= 0) note("ended", Math.max(0, ended - total) * 60000 / every);
				total = ended;
				note("longest", Math.max(0, ...m.metrics.map((/** @type {any} */ r) => r.longest_seconds)));
				return drawMetrics(m);
			});
		}
		fill(plots, may("admin") && [spark("Executions alive", past.live), spark("Stuck", past.stuck), spark("Ended a minute", past.ended), spark("Longest of the last day", past.longest, (n) => took(1000 * n))],
			spark("Answer of the health check", past.answer, took));
	};
	fill(main, first(), h("h2", null, "Health"), health, plots, h("h2", null, may("operate") ? "Work of all tenants" : "Work"),
		may("admin") ? [work, h("h2", null, "What became of it, in the last day"), became] : h("p.hint", null, "What is queued is shown to administrators."));
	again();
	const timer = setInterval(() => { if (!document.hidden) again(); }, every);
	return () => clearInterval(timer);
}

/** @param {{total: number, success_rate: number, metrics: any[]}} m */
function drawMetrics(m) {
	if (m.total === 0) return h("p.empty", null, "Nothing ran.");
	return [h("p", null, `${number(m.total)} executions; of those that completed or failed, ${number(100 * m.success_rate)} % completed.`),
		table("What became of executions", ["Intent", "State", "Count", "On average", "At longest"], [...m.metrics].sort((a, b) => b.count - a.count).map((r) => [
			words(r.intent_type), words(r.state), number(r.count), r.mean_seconds ? took(1000 * r.mean_seconds) : "–", r.longest_seconds ? took(1000 * r.longest_seconds) : "–"]))];
}

/** What somebody sees who has just started the server. */
function first() {
	return who.is_anonymous && h("section.card", { "aria-label": "The first operator" }, h("h2", null, "The first operator"),
		h("p", null, "On an empty store the first who signs up becomes the operator, unless the server runs in production; there, and later, ", h("code", null, "symphainy user create --role operator"), " makes one on the command line."),
		h("div.actions", null, h("a.button.primary", { href: "#/account" }, "Sign up")));
}

/** @param {any} r */
function drawHealth(r) {
	const good = r.status === "ready";
	return [h("p", null, h(`span.badge.${good ? "healthy" : "failed"}`, null, words(r.status)), good ? " Everything that this server needs is there." : " It takes no new work until this is mended."),
		h("ul.checks", null, Object.entries(r.checks).map(([name, state]) => h("li", null, `${words(name)} `, h(`span.badge.${state === "ok" ? "healthy" : "failed"}`, null, String(state)))))];
}

/** @param {{scope: string, queues: Queue[], count: number, stuck: number, truncated: boolean}} q */
function drawWork(q) {
	if (q.queues.length === 0) return h("p.empty", null, "Nothing is queued, running or waiting.");
	const of = q.scope === "platform";
	return [q.stuck > 0 && h("div.problem", { role: "alert" }, h("strong", null, `${number(q.stuck)} executions are stuck: nobody works on them although somebody should.`)),
		table("Work by intent", [...(of ? ["Tenant or visitor"] : []), "Intent", ...states.map(words), "Stuck", "Oldest"], matrix(q.queues).map((r) => [
			...(of ? [h("code", null, r.tenant)] : []), words(r.type), ...states.map((s) => number(r.counts[s] ?? 0)), r.stuck > 0 ? h("span.badge.failed", null, number(r.stuck)) : "0", span(r.oldest)])),
		q.truncated && h("p.hint", null, "There is more than is listed.")];
}
