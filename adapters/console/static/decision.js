// Asking a person: what exactly is to be done, and the three answers.
import { post } from "./api.js";
import { field, fill, h, problem } from "./dom.js";
import { time } from "./format.js";

/**
 * A card that takes a decision once.
 * @param {string} id the waiting execution
 * @param {{prompt?: string, arguments?: any, arguments_hash: string, until?: string}} w
 */
export function decision(id, w) {
	const args = /** @type {HTMLTextAreaElement} */ (h("textarea", { rows: 6, readonly: true, spellcheck: "false" }));
	args.value = JSON.stringify(w.arguments ?? null, null, 2);
	const say = h("div", { role: "status" });
	const decide = async (/** @type {"approve"|"reject"|"edit"} */ verdict) => {
		let response;
		if (verdict === "edit") {
			try { response = JSON.parse(args.value); } catch { fill(say, problem({ detail: "What you wrote is not JSON." })); return; }
		}
		try {
			await post(`/api/execution/${id}/decision`, { decision: verdict, arguments_hash: w.arguments_hash, ...(response === undefined ? {} : { response }) });
			fill(card, h("p", null, { approve: "Approved.", reject: "Rejected.", edit: "Approved with your changes." }[verdict], " ", h("a", { href: `#/execution/${id}` }, "See what it does")));
		} catch (err) { fill(say, problem(err)); }
	};
	const edit = h("button", { type: "button", onclick: () => {
		if (args.readOnly) { args.readOnly = false; args.focus(); edit.textContent = "Approve the changes"; } else decide("edit");
	} }, "Edit …");
	const card = h("section.card", { "aria-label": "A decision is needed" }, h("h2", null, "A decision is needed"), h("p", null, w.prompt ?? "May this be done?"),
		field("Exactly this", args, w.until ? `Until ${time(w.until)}` : undefined),
		h("div.actions", null, h("button.primary", { type: "button", onclick: () => decide("approve") }, "Approve"), edit,
			h("button", { type: "button", onclick: () => decide("reject") }, "Reject")), say);
	return card;
}
