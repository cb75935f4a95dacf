// Talking to the guide and its liaisons.
import { get, submit, who } from "./api.js";
import { decision } from "./decision.js";
import { fill, h, notice, problem } from "./dom.js";
import { short, words } from "./format.js";
import { again, onFrame, onLine, send as tell } from "./live.js";

const surfaces = [["", "Guide"], ["content_pillar", "Content"], ["insights_pillar", "Insights"], ["journey_pillar", "Operations"], ["outcomes_pillar", "Outcomes"]];

// The session that was greeted, which is done once.
let greeted = "";

/** @param {HTMLElement} main */
export function chat(main) {
	const log = h("ol.log", { "aria-live": "polite", "aria-label": "Conversation", "aria-relevant": "additions" });
	const line = h("span.line", { role: "status" });
	const text = /** @type {HTMLTextAreaElement} */ (h("textarea", { rows: 2, required: true, maxlength: 30000, "aria-label": "Your message", placeholder: "Ask what is here, what is next, or for something to be done" }));
	const surface = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": "Who answers" }, surfaces.map(([value, name]) => h("option", { value }, name))));
	const stop = h("button", { type: "button", disabled: true }, "Stop");
	/** @type {Map<string, {item: HTMLElement, body: HTMLElement, said: string}>} answers by execution */
	const answers = new Map();
	/** @type {Set<string>} */
	const running = new Set();
	/** @type {Map<string, HTMLElement>} what a person is asked, by execution */
	const asked = new Map();
	/** @type {Set<string>} */
	const told = new Set();
	/** @param {string} what @param {() => void} fn */
	const once = (what, fn) => { if (!told.has(what)) { told.add(what); fn(); } };

	const bottom = () => log.lastElementChild?.scrollIntoView({ block: "end" });
	const say = (/** @type {string} */ role, /** @type {string} */ name, /** @type {string} */ said) => {
		const body = h("div.said", null, said);
		const item = h(`li.${role}`, null, h("b.who", null, name), body);
		log.append(item);
		bottom();
		return { item, body, said };
	};

	const send = (/** @type {string} */ message) => {
		say("user", "You", message);
		tell({ type: "agent.message", text: message, message_id: crypto.randomUUID(), context: { surface: surface.value } });
	};

	/** @param {any} s a suggestion */
	const suggestion = (s) => h("button", {
		type: "button",
		onclick: async (/** @type {Event} */ e) => {
			if (s.message) { send(s.message); return; }
			const b = /** @type {HTMLButtonElement} */ (e.currentTarget);
			b.disabled = true;
			try {
				const done = await submit(s.intent_type, s.parameters ?? {});
				const bad = done.status === "failed";
				say("event", words(s.intent_type), bad ? done.error : done.status === "completed" ? "Done." : "Started.").item
					.append(h("a", { href: `#/execution/${done.execution_id}` }, "See what it did"));
				if (!bad) send("What is next?");
			} catch (err) { log.append(h("li", null, problem(err))); }
			b.disabled = false;
		},
	}, s.label);

	/** An answer that begins stands below what was done for it. @param {{item: HTMLElement, said: string}} a */
	const last = (a) => { if (!a.said && log.lastElementChild !== a.item) log.append(a.item); };

	/** While an answer grows a screen reader waits for its end. @param {string} id @param {boolean} yes */
	const busy = (id, yes) => answers.get(id)?.item.setAttribute("aria-busy", String(yes));

	/** @param {import("./socket.js").Frame} f */
	const frame = (f) => {
		const d = f.data ?? {};
		const id = f.execution_id ?? "";
		if (f.type === "error") { notice(f.error ?? "The server did not understand.", "bad"); return; }
		switch (f.event_type) {
		case "agent.started": {
			const begun = answers.get(id); // told again after a break of the line
			if (begun) { begun.said = ""; fill(begun.body); } else answers.set(id, say("agent", named(d.agent_id), ""));
			busy(id, true);
			break;
		}
		case "agent.token": {
			const a = answers.get(id);
			if (a) { last(a); a.said += d.token; fill(a.body, a.said); bottom(); }
			break;
		}
		case "agent.tool_call":
			once(`call ${id} ${f.seq}`, () => say("event", "Tool", `${words(d.tool)} ${d.allowed === false ? "is not allowed" : short(d.arguments)}`));
			break;
		case "agent.tool_result":
			once(`result ${id} ${f.seq}`, () => {
				const said = say("event", words(d.tool), d.ok ? "Done." : d.error || "Refused.");
				if (d.tool_execution_id) said.item.append(h("a", { href: `#/execution/${d.tool_execution_id}` }, "See what it did"));
			});
			break;
		case "agent.completed": {
			const a = answers.get(id) ?? say("agent", named(d.agent_id), "");
			answers.set(id, a);
			last(a);
			a.said = d.response;
			fill(a.body, d.response);
			busy(id, false);
			if (!a.item.querySelector(".actions") && d.suggestions?.length > 0) a.item.append(h("div.actions", { role: "group", "aria-label": "Suggestions" }, d.suggestions.map(suggestion)));
			bottom();
			break;
		}
		case "agent.failed":
			busy(id, false);
			say("event", "No answer", d.error);
			break;
		case "execution.waiting":
			if (d.waiting?.for === "decision") once(`decide ${id} ${d.waiting.arguments_hash}`, () => { asked.set(id, log.appendChild(h("li", null, decision(id, d.waiting)))); bottom(); });
			break;
		case "execution.decided":
			// It may have been decided elsewhere, or before this page was opened.
			if (asked.get(id)?.querySelector("button")) fill(/** @type {HTMLElement} */ (asked.get(id)), h("p.hint", null, `Decided: ${d.decision}. `, h("a", { href: `#/execution/${id}` }, "See what it does")));
			break;
		case "session.upgraded":
			notice("This session is yours now.");
			break;
		default:
		}
		if (f.event_type === "execution.accepted") running.add(id);
		if (["execution.completed", "execution.failed", "execution.cancelled"].includes(f.event_type)) {
			running.delete(id);
			const a = answers.get(id);
			if (a && !a.said) {
				a.item.remove();
				answers.delete(id);
				if (f.event_type === "execution.cancelled") say("event", "Stopped", "There is no answer.");
			}
		}
		/** @type {HTMLButtonElement} */ (stop).disabled = running.size === 0;
	};

	const offs = [onFrame(frame), onLine((s) => {
		line.dataset.state = s;
		line.textContent = { open: "Connected", connecting: "Connecting …", changed: "The session has changed …", refused: "Refused", ended: "Ended" }[s];
	})];
	stop.addEventListener("click", () => { for (const id of running) if (answers.has(id)) tell({ type: "agent.cancel", execution_id: id }); });

	const form = h("form.composer", {
		onsubmit: (/** @type {Event} */ e) => {
			e.preventDefault();
			if (!text.value.trim()) return;
			send(text.value.trim());
			text.value = "";
		},
	}, surface, text, h("button.primary", null, "Send"), stop, line);
	text.addEventListener("keydown", (e) => {
		if (e.key === "Enter" && !e.shiftKey) { e.preventDefault(); /** @type {HTMLFormElement} */ (form).requestSubmit(); }
	});
	fill(main, h("h1", null, "Chat"),
		who.is_anonymous && h("p.hint", null, "You are a visitor: everything works, and what you make here becomes yours when you sign up. ", h("a", { href: "#/account" }, "Sign up or in")),
		log, form);
	again(frame);
	past().then((messages) => {
		for (const m of messages) log.prepend(h(`li.${m.role === "user" ? "user" : "agent"}`, null, h("b.who", null, m.role === "user" ? "You" : named(m.agent_id ?? "guide")), h("div.said", null, m.text)));
		if (messages.length === 0 && greeted !== who.session_id) { greeted = who.session_id; send("Hello"); }
		bottom();
	}).catch((err) => log.append(h("li", null, problem(err))));
	return () => { for (const off of offs) off(); };
}

/** @param {string} agent */
const named = (agent) => words(agent.replace("liaison.", ""));

/** What was said before, newest first. */
async function past() {
	try {
		return (await get(`/api/v1/guide-agent/history/${who.session_id}`, { limit: 50 })).messages.reverse();
	} catch (err) {
		if (/** @type {any} */ (err).status === 404) return []; // nothing was said yet
		throw err;
	}
}
