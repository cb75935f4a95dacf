// The console: which page is shown, and who is there.
import { account, corner } from "./account.js";
import { arrive, onWho, may } from "./api.js";
import { artifact } from "./artifact.js";
import { catalogue } from "./catalogue.js";
import { chat } from "./chat.js";
import { fill, h, problem } from "./dom.js";
import { execution, executions } from "./executions.js";
import { files } from "./files.js";
import { operations } from "./operations.js";

/** @type {Array<{name: string, title: string, needs?: string, open: (main: HTMLElement, id: string) => (void | (() => void))}>} */
const pages = [
	{ name: "chat", title: "Chat", open: chat },
	{ name: "files", title: "Files", open: files },
	{ name: "executions", title: "Executions", open: executions },
	{ name: "catalogue", title: "Catalogue", open: catalogue },
	{ name: "operations", title: "Operations", open: operations },
];
const inner = [{ name: "execution", title: "Execution", open: execution }, { name: "artifact", title: "Artifact", open: artifact }, { name: "account", title: "Account", open: account }];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const sections = /** @type {HTMLElement} */ (document.getElementById("sections"));
/** @type {(() => void) | void} */
let close;

function show() {
	if (close) close();
	close = undefined;
	const [, name = "chat", id = ""] = location.hash.split("/");
	const page = [...pages, ...inner].find((p) => p.name === name) ?? pages[0];
	document.title = `${page.title} · Symphainy`;
	fill(sections, pages.map((p) => h("li", null, h("a", { href: `#/${p.name}`, "aria-current": p === page ? "page" : null }, p.title))));
	fill(main);
	close = page.open(main, decodeURIComponent(id));
	main.focus({ preventScroll: true });
	window.scrollTo(0, 0);
}

try {
	await arrive();
	onWho(() => { corner(/** @type {HTMLElement} */ (document.getElementById("account"))); });
	corner(/** @type {HTMLElement} */ (document.getElementById("account")));
	window.addEventListener("hashchange", show);
	document.documentElement.dataset.ready = may("read") ? "yes" : "limited";
	show();
} catch (err) {
	fill(main, h("h1", null, "Symphainy"), problem(err), h("button", { type: "button", onclick: () => location.reload() }, "Try again"));
}
