// The agents: who they are, what they may, and the posture in which they work.
import { get, may, post } from "./api.js";
import { confirmed, fill, h, load, notice, table } from "./dom.js";
import { number, short, words } from "./format.js";

/** @param {HTMLElement} main */
export function agents(main) {
	if (!may("admin")) { names(main, "Their definitions and their posture are shown to administrators."); return; }
	const box = h("div"), posture = h("div"), budget = h("div"), tools = h("div");
	fill(main, box, h("h2", null, "Posture"), posture, h("h2", null, "Used up today"), budget, h("h2", null, "Tools"), tools);
	load(box, get("/api/admin/agents"), (all) => all.agents.map(definition));
	load(posture, get("/api/admin/agent-posture"), drawPosture);
	load(budget, get("/api/admin/agent-budget"), (b) => table("Budget", ["", "Used", "Bound"], ["tokens", "cost", "seconds"].map((k) => [words(k), number(b.used[k] ?? 0), b.bound[k] ? number(b.bound[k]) : "none"])));
	const again = () => load(tools, get("/api/admin/agent-tools"), (all) => drawTools(all.tools, again));
	again();
}

/** What everybody may know. @param {HTMLElement} main @param {string} why there is no more */
function names(main, why) {
	load(main, get("/api/realms"), (all) => [h("p", null, why),
		table("Agents", ["Agent", "Realm"], all.realms.flatMap((/** @type {any} */ r) => r.agents.map((/** @type {string} */ a) => [words(a), r.title])))]);
}

/** @param {any} a */
function definition(a) {
	const list = (/** @type {string} */ title, /** @type {string[]} */ of) => of.length > 0 && [h("dt", null, title, a.origin?.[title.toLowerCase().replaceAll(" ", "_")] === "tenant" && h("small", null, " (set by the tenant)")), h("dd", null, h("ul.plain", null, of.map((t) => h("li", null, t))))];
	return h("details.intent", null, h("summary", null, h("b", null, a.role), " ", h("code", null, a.agent_id), " ", h(`span.badge.${a.enabled ? "healthy" : "failed"}`, null, a.enabled ? "enabled" : "disabled")),
		h("p", null, a.mission), h("dl.facts", null, list("Capabilities", a.capabilities), list("Must", a.must), list("Must not", a.must_not), list("Tools", a.tools), h("dt", null, "Version"), h("dd", null, String(a.version))));
}

/** Facts of an object and of those in it. @param {any} v @param {string} before @returns {Array<[string, string]>} */
export function flat(v, before = "") {
	return Object.entries(v).flatMap(([k, x]) => {
		const name = before ? `${before} ${k}` : k;
		return x && typeof x === "object" && !Array.isArray(x) ? flat(x, name) : [/** @type {[string, string]} */ ([words(name), typeof x === "boolean" ? (x ? "Yes" : "No") : x === "" ? "–" : short(x)])];
	});
}

/** What a posture bounds with 0 is not bounded. @param {any} v @returns {Array<[string, string]>} */
const bounds = (v) => flat(v).map(([name, x]) => [name, x === "0" ? "none" : x]);

/** @param {any} p */
function drawPosture(p) {
	const before = new Map(bounds(p.deployment));
	return table("Posture", ["What", "For this tenant", "The deployment's"], bounds(p.effective).map(([k, v]) => [k, before.get(k) === v ? v : h("b", null, v), before.get(k) ?? "–"]));
}

/** @param {any[]} tools @param {() => void} after */
function drawTools(tools, after) {
	return table("Tools", ["Tool", "Permission", "State", ""], tools.map((t) => [[h("code", null, t.name), h("br"), t.description], t.permission, h(`span.badge.${t.state === "changed" ? "failed" : t.state === "approved" ? "healthy" : ""}`, null, t.state),
		t.state === "changed" && h("button", { type: "button", onclick: async () => {
			if (!await confirmed(`Approve ${t.name} as it is now? Agents may use it again.`, "Approve")) return;
			try { await post("/api/admin/agent-tools/approve", { tools: [{ name: t.name, fingerprint: t.fingerprint }] }); } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
			after();
		} }, "Approve …")]));
}
