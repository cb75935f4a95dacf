// Talking to the guide and its liaisons.
import { get, onWho, submit, who } from "./api.js";
import { decision } from "./decision.js";
import { fill, h, notice, problem } from "./dom.js";
import { short, words } from "./format.js";
import { AgentSocket } from "./socket.js";

const surfaces = [["", "Guide"], ["content_pillar", "Content"], ["insights_pillar", "Insights"], ["journey_pillar", "Operations"], ["outcomes_pillar", "Outcomes"]];

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
		socket.send({ type: "agent.message", text: message, message_id: crypto.randomUUID(), context: { surface: surface.value } });
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

	/** @param {import("./socket.js").Frame} f */
	const frame = (f) => {
		const d = f.data ?? {};
		const id = f.execution_id ?? "";
		if (f.type === "error") { notice(f.error ?? "The server did not understand.", "bad"); return; }
		switch (f.event_type) {
		case "agent.started":
			answers.set(id, say("agent", words(d.agent_id.replace("liaison.", "")), ""));
			break;
		case "agent.token": {
			const a = answers.get(id);
			if (a) { a.said += d.token; fill(a.body, a.said); bottom(); }
			break;
		}
		case "agent.tool_call":
			say("event", "Tool", `${words(d.tool ?? d.name ?? "")} ${short(d.arguments)}`);
			break;
		case "agent.completed": {
			const a = answers.get(id) ?? say("agent", words(d.agent_id.replace("liaison.", "")), "");
			fill(a.body, d.response);
			if (d.suggestions?.length > 0) a.item.append(h("div.actions", { role: "group", "aria-label": "Suggestions" }, d.suggestions.map(suggestion)));
			bottom();
			break;
		}
		case "agent.failed":
			say("event", "No answer", d.error);
			break;
		case "execution.waiting":
			if (d.waiting?.for === "decision") { log.append(h("li", null, decision(id, d.waiting))); bottom(); }
			break;
		case "session.upgraded":
			notice("This session is yours now.");
			break;
		default:
		}
		if (f.event_type === "execution.accepted") running.add(id);
		if (["execution.completed", "execution.failed", "execution.cancelled"].includes(f.event_type)) running.delete(id);
		/** @type {HTMLButtonElement} */ (stop).disabled = running.size === 0;
	};

	const connect = () => new AgentSocket({
		frame,
		state: (s) => {
			line.dataset.state = s;
			line.textContent = { open: "Connected", connecting: "Connecting …", changed: "The session has changed", refused: "Refused" }[s];
			if (s === "changed") location.reload();
		},
	});
	let socket = connect();
	onWho(() => { if (main.contains(log)) { socket.close(); socket = connect(); } });
	stop.addEventListener("click", () => { for (const id of running) socket.send({ type: "agent.cancel", execution_id: id }); });

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
	past().then((messages) => {
		for (const m of messages) log.prepend(h(`li.${m.role === "user" ? "user" : "agent"}`, null, h("b.who", null, m.role === "user" ? "You" : words((m.agent_id ?? "guide").replace("liaison.", ""))), h("div.said", null, m.text)));
		if (messages.length === 0) send("Hello");
		bottom();
	}).catch((err) => log.append(h("li", null, problem(err))));
	return () => socket.close();
}

/** What was said before, newest first. */
async function past() {
	try {
		return (await get(`/api/v1/guide-agent/history/${who.session_id}`, { limit: 50 })).messages.reverse();
	} catch (err) {
		if (/** @type {any} */ (err).status === 404) return []; // nothing was said yet
		throw err;
	}
}
