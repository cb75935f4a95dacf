// What this server can do: realms, their intents, to read and to try.
import { get, submit, who } from "./api.js";
import { fill, h, load, problem } from "./dom.js";
import { words } from "./format.js";
import { form } from "./forms.js";

/** @param {HTMLElement} main */
export function catalogue(main) {
	const box = h("div");
	fill(main, h("h1", null, "Catalogue"), h("p.hint", null, "Every intent here can be asked for over the API too. ", h("a", { href: "/api/docs" }, "The interface's own page")), box);
	load(box, Promise.all([get("/api/realms"), get("/api/intents")]), ([realms, intents]) => realms.realms.map((/** @type {any} */ realm) => {
		const mine = intents.intents.filter((/** @type {any} */ i) => i.realm === realm.name && realm.intents.includes(i.intent_type));
		return h("section", null, h("h2", null, realm.title, " ", h(`span.badge.${realm.health}`, null, realm.health)),
			realm.agents.length > 0 && h("p.hint", null, `Agents: ${realm.agents.join(", ")}`), mine.map(entry));
	}));
}

/** @param {any} i an entry of the catalogue */
function entry(i) {
	const details = h("details.intent", null, h("summary", null, h("b", null, i.title), " ", h("code", null, i.intent_type), ` · ${i.permission}`, i.anonymous ? "" : " · signed in"));
	details.addEventListener("toggle", () => {
		if (!(/** @type {HTMLDetailsElement} */ (details)).open || details.childElementCount > 1) return;
		const parameters = form(i.parameters, i.example), say = h("div", { role: "status" });
		details.append(h("p", null, i.summary), h("form", { onsubmit: async (/** @type {Event} */ e) => {
			e.preventDefault();
			try {
				const s = await submit(i.intent_type, parameters.read(), 5);
				location.hash = `#/execution/${s.execution_id}`;
			} catch (err) { fill(say, err instanceof SyntaxError ? problem({ detail: "One of the fields is not JSON." }) : problem(err)); }
		} }, parameters.node, h("button.primary", { disabled: who.is_anonymous && !i.anonymous }, "Try it"), say),
		h("details", null, h("summary", null, "Schema and example"), h("pre", null, JSON.stringify({ parameters: i.parameters, example: i.example }, null, 2))));
	});
	return details;
}
