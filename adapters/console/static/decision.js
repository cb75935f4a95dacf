// Asking a person: what exactly is to be done, and the three answers.
import { post } from "./api.js";
import { field, fill, h, problem } from "./dom.js";
import { time, words } from "./format.js";

/** @typedef {{prompt?: string, arguments?: any, arguments_hash: string, response_schema?: any, until?: string, escalated?: boolean}} Asked */

/**
 * What may be changed of what is asked: of a tool call its arguments alone, which the envelope around them names.
 * @param {any} args
 */
export const editable = (args) => (args && typeof args === "object" && typeof args.tool === "string" && "arguments" in args ? args.arguments : args);

/**
 * A card that takes a decision once. What is asked is shown as it is, and bound to its hash.
 * @param {string} id the waiting execution
 * @param {Asked} w
 * @param {() => void} [done] called when it was taken
 */
export function decision(id, w, done) {
	const call = editable(w.arguments);
	const exact = h("pre", { tabindex: 0, "aria-label": "Exactly this" }, JSON.stringify(call ?? null, null, 2));
	const args = /** @type {HTMLTextAreaElement} */ (h("textarea", { rows: 6, spellcheck: "false" }));
	args.value = JSON.stringify(call ?? null, null, 2);
	const changed = h("div", { hidden: true }, field("Your version", args, "Only this changes; the server holds it against the same schema."));
	const say = h("div", { role: "status" });
	const decide = async (/** @type {"approve"|"reject"|"edit"} */ verdict) => {
		let response;
		if (verdict === "edit") {
			try { response = JSON.parse(args.value); } catch { fill(say, problem({ detail: "What you wrote is not JSON." })); return; }
		}
		try {
			await post(`/api/execution/${id}/decision`, { decision: verdict, arguments_hash: w.arguments_hash, ...(response === undefined ? {} : { response }) });
			fill(card, h("p", { role: "status" }, { approve: "Approved.", reject: "Rejected.", edit: "Approved with your changes." }[verdict], " ", h("a", { href: `#/execution/${id}` }, "See what it does")));
			done?.();
		} catch (err) { fill(say, problem(err)); }
	};
	const edit = h("button", { type: "button", "aria-expanded": "false", onclick: () => {
		if (!changed.hidden) { decide("edit"); return; }
		changed.hidden = false;
		edit.setAttribute("aria-expanded", "true");
		edit.textContent = "Approve the changes";
		args.focus();
	} }, "Edit …");
	const card = h("section.card.decision", { "aria-label": "A decision is needed" }, h("h2", null, "A decision is needed"), h("p", null, w.prompt ?? "May this be done?"),
		call !== w.arguments && h("dl.facts", null, h("dt", null, "Tool"), h("dd", null, h("code", null, w.arguments.tool)), h("dt", null, "Asked by"), h("dd", null, words(w.arguments.agent_id ?? "–"))),
		h("p.label", null, "Exactly this"), exact, changed,
		h("p.hint", null, w.until ? `Until ${time(w.until)}.` : "", w.escalated ? " Nobody decided in time; you may now." : ""),
		h("div.actions", null, h("button.primary", { type: "button", onclick: () => decide("approve") }, "Approve"), w.response_schema && edit,
			h("button", { type: "button", onclick: () => decide("reject") }, "Reject")), say);
	return card;
}
