// The console: which page is shown, and who is there.
import { account, corner, ended } from "./account.js";
import { arrive, may, onWho, who } from "./api.js";
import { artifact } from "./artifact.js";
import { catalogue } from "./catalogue.js";
import { chat } from "./chat.js";
import { counted, decisions } from "./decisions.js";
import { fill, h, problem } from "./dom.js";
import { execution } from "./execution.js";
import { executions } from "./executions.js";
import { files } from "./files.js";
import { connect, onLine } from "./live.js";
import { operations } from "./operations.js";

/** @typedef {{name: string, title: string, open: (main: HTMLElement, id: string) => (void | (() => void))}} Page */
/** @type {Page[]} */
const pages = [
	{ name: "chat", title: "Chat", open: chat },
	{ name: "files", title: "Files", open: files },
	{ name: "executions", title: "Executions", open: executions },
	{ name: "decisions", title: "Decisions", open: decisions },
	{ name: "catalogue", title: "Catalogue", open: catalogue },
	{ name: "operations", title: "Operations", open: operations },
];
/** @type {Page[]} */
const inner = [{ name: "execution", title: "Execution", open: execution }, { name: "artifact", title: "Artifact", open: artifact }, { name: "account", title: "Account", open: account }];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const sections = /** @type {HTMLElement} */ (document.getElementById("sections"));
const here = /** @type {HTMLElement} */ (document.getElementById("account"));
const waiting = h("span.count", { hidden: true });
/** @type {(() => void) | void} */
let close;

/** @param {Page} page */
function menu(page) {
	const parent = { execution: "executions", artifact: "files" }[page.name] ?? page.name;
	fill(sections, pages.map((p) => h("li", null, h("a", { href: `#/${p.name}`, "aria-current": p === page ? "page" : p.name === parent ? "true" : null }, p.title, p.name === "decisions" && waiting))));
}

function show() {
	if (close) close();
	close = undefined;
	const [, name = "chat", id = ""] = location.hash.split("/");
	const page = [...pages, ...inner].find((p) => p.name === name) ?? pages[0];
	document.title = `${page.title} · Symphainy`;
	menu(page);
	fill(main);
	close = who.ended ? ended(main) : page.open(main, decodeURIComponent(id));
	main.focus({ preventScroll: true });
	window.scrollTo(0, 0);
}

// The address names the page, so the link to the content must not change it.
document.querySelector(".skip")?.addEventListener("click", (e) => {
	e.preventDefault();
	main.focus();
	main.scrollIntoView();
});

/** Somebody else is at the page, or nobody any more. */
function changed() {
	corner(here);
	connect();
	document.documentElement.dataset.who = who.ended ? "ended" : who.is_anonymous ? "visitor" : "user";
	show();
}

try {
	await arrive();
	onWho(changed);
	changed();
	window.addEventListener("hashchange", show);
	onLine((s) => { here.dataset.line = s; });
	counted((n) => {
		waiting.hidden = n === 0;
		fill(waiting, String(n), h("span.sr", null, " open"));
	});
	document.documentElement.dataset.ready = may("read") ? "yes" : "limited";
} catch (err) {
	fill(main, h("h1", null, "Symphainy"), problem(err), h("button", { type: "button", onclick: () => location.reload() }, "Try again"));
}
