// What waits for a person's word: the inbox, and the number of what is in it.
import { get, may } from "./api.js";
import { decision } from "./decision.js";
import { fill, h, load } from "./dom.js";
import { time, words } from "./format.js";
import { onMoves } from "./live.js";

/** Everything that this person may decide, the oldest first. @returns {Promise<any[]>} */
async function open() {
	const all = [];
	let cursor = "";
	do {
		const page = await get("/api/decisions", { limit: 100, cursor });
		all.push(...page.decisions);
		cursor = page.next_cursor ?? "";
	} while (cursor && all.length < 500);
	return all;
}

/** @param {HTMLElement} main */
export function decisions(main) {
	const list = h("div.stack");
	/** @type {Set<string>} */
	const shown = new Set();
	const key = (/** @type {any} */ d) => `${d.execution_id} ${d.arguments_hash}`;
	const again = () => load(list, open(), (all) => {
		// A card that somebody is reading or editing stays as it is.
		const now = new Set(all.map(key));
		if (shown.size > 0 && [...now].every((k) => shown.has(k)) && now.size === shown.size) return undefined;
		shown.clear();
		for (const k of now) shown.add(k);
		if (all.length === 0) return h("p.empty", null, "Nothing waits for you. When an agent or an intent needs a person's word, it is here.");
		return all.map((/** @type {any} */ d) => h("div", null, h("p.hint", null, h("a", { href: `#/execution/${d.execution_id}` }, words(d.intent_type)), ` asked at ${time(d.asked_at)}`),
			decision(d.execution_id, d, () => shown.delete(key(d)))));
	});
	fill(main, h("h1", null, "Decisions"), list);
	again();
	const off = onMoves(again, asks);
	const timer = setInterval(() => { if (!document.hidden) again(); }, 15000);
	return () => { off(); clearInterval(timer); };
}

/** @param {import("./socket.js").Frame} f */
const asks = (f) => ["execution.waiting", "execution.decided", "execution.cancelled", "execution.failed"].includes(f.event_type);

/** Keeps the number of open decisions beside the page's name. @param {(n: number) => void} show */
export function counted(show) {
	const again = async () => {
		if (!may("read")) return;
		try { show((await open()).length); } catch { show(0); /* the page itself says what is wrong */ }
	};
	again();
	return onMoves(again, asks);
}
