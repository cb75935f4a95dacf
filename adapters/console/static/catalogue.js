// What this server can do: realms, their intents and agents, to read and to try.
import { agents } from "./agents.js";
import { get, submit, who } from "./api.js";
import { field, fill, h, load, problem } from "./dom.js";
import { words } from "./format.js";
import { form } from "./forms.js";

/** @param {HTMLElement} main @param {string} id one of its two parts */
export function catalogue(main, id) {
	const box = h("div");
	fill(main, h("h1", null, "Catalogue"), h("nav", { "aria-label": "Catalogue" }, h("ul.tabs", null, [["", "Intents"], ["agents", "Agents"]].map(([name, title]) => h("li", null,
		h("a", { href: `#/catalogue${name && `/${name}`}`, "aria-current": name === (id === "agents" ? id : "") ? "page" : null }, title))))), box);
	if (id === "agents") agents(box); else intents(box);
}

/** @param {HTMLElement} main */
function intents(main) {
	const box = h("div"), found = h("p.hint", { role: "status" });
	const find = /** @type {HTMLInputElement} */ (h("input", { type: "search", placeholder: "such as parse" }));
	find.addEventListener("input", () => {
		let n = 0;
		for (const d of /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll(".intent"))) {
			d.hidden = !d.textContent?.toLowerCase().includes(find.value.trim().toLowerCase());
			if (!d.hidden) n++;
		}
		for (const s of /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("section"))) s.hidden = !s.querySelector(".intent:not([hidden])") && find.value.trim() !== "";
		found.textContent = find.value.trim() ? `${n} intents` : "";
	});
	fill(main, h("p.hint", null, "Every intent here can be asked for over the API too. ", h("a", { href: "/api/docs" }, "The interface's own page")), field("Find an intent", find), found, box);
	load(box, Promise.all([get("/api/realms"), get("/api/intents")]), ([realms, all]) => realms.realms.map((/** @type {any} */ realm) => {
		const mine = all.intents.filter((/** @type {any} */ i) => i.realm === realm.name && realm.intents.includes(i.intent_type));
		return h("section", { "aria-label": realm.title }, h("h2", null, realm.title, " ", h(`span.badge.${realm.health}`, null, realm.health)),
			realm.agents.length > 0 && h("p.hint", null, `Agents: ${realm.agents.join(", ")}`), mine.map(entry));
	}));
}

/** @param {any} i an entry of the catalogue */
function entry(i) {
	const details = h("details.intent", null, h("summary", null, h("b", null, i.title), " ", h("code", null, i.intent_type), h("span.hint", null, ` needs ${i.permission}`, i.anonymous ? ", open to visitors" : "")));
	details.addEventListener("toggle", () => {
		if (!(/** @type {HTMLDetailsElement} */ (details)).open || details.childElementCount > 1) return;
		const parameters = form(i.parameters, i.example), say = h("div", { role: "status" });
		details.append(h("p", null, i.summary), h("dl.facts", null, h("dt", null, "Results"), h("dd", null, i.result_keys.map(words).join(", ") || "–"), h("dt", null, "Tells"), h("dd", null, i.event_types.join(", ") || "its own states"),
			h("dt", null, "Repeats"), h("dd", null, words(i.retry_class))), h("form", { "aria-label": `Try ${i.title}`, onsubmit: async (/** @type {Event} */ e) => {
			e.preventDefault();
			try {
				const s = await submit(i.intent_type, parameters.read(), 5);
				location.hash = `#/execution/${s.execution_id}`;
			} catch (err) { fill(say, err instanceof SyntaxError ? problem({ detail: "One of the fields is not JSON." }) : problem(err)); }
		} }, parameters.node, h("div.actions", null, h("button.primary", { disabled: who.is_anonymous && !i.anonymous }, "Try it"), who.is_anonymous && !i.anonymous && h("span.hint", null, "for those who signed in")), say),
		h("details", null, h("summary", null, "Schema and example"), h("pre", { tabindex: 0, "aria-label": "Schema and example" }, JSON.stringify({ parameters: i.parameters, example: i.example }, null, 2))));
	});
	return details;
}
