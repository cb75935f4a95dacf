// The list of executions, which moves with them.
import { get, may, post, who } from "./api.js";
import { confirmed, field, fill, h, load, notice, table, when } from "./dom.js";
import { span, words } from "./format.js";
import { onMoves } from "./live.js";

const statuses = ["pending", "running", "waiting", "paused", "completed", "failed", "cancelled"];
const ages = [["", "Any time"], ["3600", "The last hour"], ["86400", "The last day"], ["604800", "The last week"]];

/** @param {string} status */
export const badge = (status) => h(`span.badge.${status}`, null, words(status));

/** How many there are of each status. @param {Array<{status: string}>} list @returns {Array<[string, number]>} */
export const tally = (list) => /** @type {Array<[string, number]>} */ (statuses.map((s) => [s, list.filter((e) => e.status === s).length]));

// How many are counted, and how many are shown at first.
const counted = 200, shown = 50;

/** @param {HTMLElement} main */
export function executions(main) {
	const list = h("div"), counts = h("div.chips", { role: "group", "aria-label": "How many of each status" });
	const choose = (/** @type {string[][]} */ from) => /** @type {HTMLSelectElement} */ (h("select", null, from.map(([value, name]) => h("option", { value }, name))));
	const status = choose([["", "All"], ...statuses.map((s) => [s, words(s)])]), age = choose(ages), realm = choose([["", "All"]]), where = choose([["", "All of mine"], ["here", "This one"]]);
	const type = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: "such as parse_content" }));
	let limit = shown;
	const filter = () => ({
		session_id: who.is_anonymous || where.value ? who.session_id : "", intent_type: type.value.trim(), realm: realm.value, created_after: age.value && new Date(Date.now() - 1000 * Number(age.value)).toISOString(),
	});
	const draw = async () => {
		const [page, all] = await Promise.all([get("/api/executions", { ...filter(), status: status.value, limit: Math.min(limit, 200) }), get("/api/executions", { ...filter(), limit: counted })]);
		fill(counts, tally(all.executions).filter(([s, n]) => n > 0 || s === status.value).map(([s, n]) => h("button.chip", { type: "button", "aria-pressed": String(status.value === s), onclick: () => {
			status.value = status.value === s ? "" : s;
			again();
		} }, `${words(s)} `, h("b", null, n === counted ? `${n}+` : n))), all.next_cursor && h("span.hint", null, `of the newest ${counted}`));
		const found = page.executions;
		if (found.length === 0) {
			return h("p.empty", null, status.value || type.value || realm.value || age.value ? "Nothing that runs or ran here passes the filter." : "Nothing has run here yet. Upload a file, or ask the guide.");
		}
		return [table("Executions", ["Intent", "Status", "Realm", "Accepted", "Took", "Attempt"], found.map((/** @type {any} */ e) => [
			h("a", { href: `#/execution/${e.execution_id}` }, words(e.intent_type)), badge(e.status), words(e.realm), when(e.created_at), span(e.started_at, e.completed_at), e.attempt])),
		page.next_cursor && limit < 200 && h("div.actions", null, h("button", { type: "button", onclick: () => { limit = 200; again(); } }, "Older ones"))];
	};
	const again = () => load(list, draw(), (v) => v);
	for (const control of [status, type, age, realm, where]) control.addEventListener("change", again);
	get("/api/realms").then((all) => { for (const r of all.realms) realm.append(h("option", { value: r.name }, r.title)); }, () => { /* then there is no filter for it */ });
	fill(main, h("h1", null, "Executions"), h("div.filters", null, field("Status", status), field("Intent", type), field("Realm", realm), field("Accepted", age), !who.is_anonymous && field("Session", where)), counts, list,
		may("write") && h("div.actions", null, h("button", { type: "button", onclick: async () => {
			if (!await confirmed("Cancel everything of yours that is pending, running, waiting or paused and passes the filter?", "Cancel them")) return;
			try {
				const f = filter();
				const done = await post("/api/executions/control", { action: "cancel", ...(f.session_id ? { session_id: f.session_id } : {}), ...(f.intent_type ? { intent_type: f.intent_type } : {}), ...(f.realm ? { realm: f.realm } : {}), ...(f.created_after ? { created_after: f.created_after } : {}) });
				notice(`${done.execution_ids.length} cancelled${done.more ? ", and there are more" : ""}.`);
			} catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
			again();
		} }, "Cancel all …")));
	again();
	const off = onMoves(again);
	const timer = setInterval(() => { if (!document.hidden) again(); }, 10000);
	return () => { off(); clearInterval(timer); };
}
