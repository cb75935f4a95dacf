// People, sessions, tenants and the audit trail, for those who administer a tenant or operate the platform.
import { call, get, may, who } from "./api.js";
import { confirmed, field, fill, h, load, notice, problem, table, when } from "./dom.js";
import { number, short, words } from "./format.js";

const roles = ["owner", "admin", "member", "viewer"];

/** Whose things are asked for: an operator's look goes over all tenants. */
const scope = () => (may("operate") ? "platform" : "tenant");

/**
 * A list that goes on when asked to.
 * @param {string} path @param {string} key where the answer has its list @param {Record<string, any>} query
 * @param {(all: any[]) => any} draw
 * @returns {{node: HTMLElement, again: () => void}}
 */
function list(path, key, query, draw) {
	const node = h("div");
	/** @type {any[]} */
	let all = [];
	const more = (/** @type {string} */ cursor) => load(node, get(path, { limit: 100, cursor, ...query }), (page) => {
		all = cursor ? [...all, ...page[key]] : page[key];
		return all.length === 0 ? h("p.empty", null, "There is nothing here.")
			: [draw(all), page.next_cursor && h("div.actions", null, h("button", { type: "button", onclick: () => more(page.next_cursor) }, "More"))];
	});
	const again = () => { more(""); };
	again();
	return { node, again };
}

/** A button that asks, acts, and shows what is then. @param {string} label @param {string} question @param {() => Promise<any>} work @param {() => void} after */
const act = (label, question, work, after) => h("button", { type: "button", onclick: async () => {
	if (!await confirmed(question, label)) return;
	try { await work(); } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
	after();
} }, label);

/** @param {HTMLElement} main */
export function people(main) {
	const found = list("/api/admin/users", "users", { scope: scope() }, (all) => table("Users", ["Name", "E-mail", "Role", "State", "Since", ""], all.map((u) => [
		u.name, u.email, [words(u.role || (u.operator ? "operator" : "–")), u.role && u.operator && " and operator"], h(`span.badge.${u.disabled ? "failed" : "healthy"}`, null, u.disabled ? "disabled" : "active"), when(u.joined_at),
		u.disabled ? act("Enable", `Let ${u.name} sign in again?`, () => call("POST", `/api/admin/users/${u.user_id}/enable`, {}), found.again)
			: u.user_id === who.user?.id ? "This is you" : act("Disable", `Disable ${u.name}? Their sessions end at once.`, () => call("POST", `/api/admin/users/${u.user_id}/disable`, {}), found.again)])));
	const invited = list("/api/admin/invitations", "invitations", {}, (all) => table("Invitations", ["E-mail", "Role", "State", "Until", ""], all.map((i) => [
		i.email, words(i.role), i.status, when(i.expires_at), i.status === "open" && act("Withdraw", `Withdraw the invitation of ${i.email}?`, () => call("DELETE", `/api/admin/invitations/${i.invitation_id}`, {}), invited.again)])));
	fill(main, h("h2", null, may("operate") ? "Users of all tenants" : "Users"), found.node, h("h2", null, "Invitations to your tenant"), invite(invited.again), invited.node);
}

/** @param {() => void} after */
function invite(after) {
	const email = /** @type {HTMLInputElement} */ (h("input", { type: "email", required: true, maxlength: 254, autocomplete: "off" }));
	const role = /** @type {HTMLSelectElement} */ (h("select", null, roles.map((r) => h("option", { value: r }, words(r)))));
	role.value = "member";
	const say = h("div", { role: "status" });
	return h("form.card", { "aria-label": "Invite somebody", onsubmit: async (/** @type {Event} */ e) => {
		e.preventDefault();
		try {
			const made = await call("POST", "/api/admin/invitations", { email: email.value, role: role.value });
			fill(say, h("p", null, `Send this to ${made.email}; it is shown once. Who signs up with it joins your tenant: `, h("code", null, made.token)));
			email.value = "";
			after();
		} catch (err) { fill(say, problem(err)); }
	} }, h("div.filters", null, field("E-mail", email), field("Role", role)), h("div.actions", null, h("button.primary", null, "Invite")), say);
}

/** @param {HTMLElement} main */
export function sessions(main) {
	const found = list("/api/admin/sessions", "sessions", { scope: scope() }, (all) => table("Sessions", ["Session", "Who", "State", "Used", "Until", ""], all.map((s) => [
		h("code", null, s.session_id), s.is_anonymous ? "A visitor" : h("code", null, s.user_id), words(s.status), when(s.last_seen_at), when(s.expires_at),
		["active", "anonymous"].includes(s.status) && act("Revoke", "Revoke this session? Its tokens die at once and its open pages within a second.", () => call("DELETE", `/api/admin/sessions/${s.session_id}`, {}), found.again)])));
	fill(main, h("h2", null, may("operate") ? "Sessions of all tenants" : "Sessions"), found.node);
}

/** @param {HTMLElement} main */
export function tenants(main) {
	const found = list("/api/admin/tenants", "tenants", {}, (all) => table("Tenants", ["Name", "Tenant", "State", "Since", ""], all.map((t) => [
		t.name, h("code", null, t.tenant_id), h(`span.badge.${t.suspended ? "failed" : "healthy"}`, null, t.suspended ? "suspended" : "active"), when(t.created_at),
		h("div.actions", null, h("a.button", { href: `/api/admin/tenants/${t.tenant_id}/export`, download: "" }, "Export"),
			may("operate") && (t.suspended ? act("Resume", `Give the members of ${t.name} their rights back?`, () => call("POST", `/api/admin/tenants/${t.tenant_id}/resume`, {}), found.again)
				: act("Suspend", `Take all rights from the members of ${t.name}?`, () => call("POST", `/api/admin/tenants/${t.tenant_id}/suspend`, {}), found.again)))])));
	fill(main, h("h2", null, "Tenants"), found.node);
}

/** @param {any[]} all */
const records = (all) => table("Audit records", ["At", "What", "Who", "About", "Result", "More"], all.map((r) => [
	when(r.at), words(r.action), [h("code", null, r.actor || "–"), r.on_behalf_of && r.on_behalf_of !== r.actor && [" for ", h("code", null, r.on_behalf_of)]], h("code", null, r.target || "–"),
	h(`span.badge${/** @type {Record<string, string>} */ ({ allowed: ".healthy", done: ".healthy", denied: ".failed", failed: ".failed" })[r.result] ?? ""}`, null, r.result), h("code.detail", null, short(r.detail))]));

/** The audit records about one object. @param {string} target */
export const recordsAbout = (target) => list("/api/admin/audit", "records", { target }, records).node;

/** @param {HTMLElement} main */
export function audit(main) {
	const verdict = h("div", { role: "status" });
	const verify = () => load(verdict, get("/api/admin/audit/verify"), (r) => (r.intact
		? h("p", null, h("span.badge.healthy", null, "Intact"), ` ${number(r.sealed)} records hold, from the first${r.unsealed > 0 ? `; ${number(r.unsealed)} wait for their place in the chain` : ""}. Head `, h("code", null, r.head.slice(0, 16) || "–"))
		: h("div.problem", { role: "alert" }, h("strong", null, `The chain is broken at ${number(r.position)}: ${words(r.reason)}.`), h("small", null, `Record ${r.record_id}`))));
	fill(main, h("h2", null, "Audit trail of your tenant"), h("div.actions", null, h("button", { type: "button", onclick: verify }, "Verify the chain")), verdict, list("/api/admin/audit", "records", {}, records).node);
	verify();
}
