// The frame around the pages: navigation, what is wrong, how fresh it all is, keys, and which page is shown.
import { html, render, useEffect, useErrorBoundary, useRef, useState } from "./parts/html.js";
import { token } from "./parts/api.js";
import { ActionDialog } from "./parts/action.js";
import { age, clock, rate, span, stamp } from "./parts/format.js";
import { live } from "./parts/live.js";
import { Shape } from "./parts/marks.js";
import { Palette } from "./parts/palette.js";
import { TokenDialog } from "./parts/token.js";
import { go, useLive, usePlace, useTick } from "./parts/use.js";

const GROUPS = [
    ["Now", [["map", "World", "m"], ["pools", "Pools", "p"], ["traffic", "Traffic", "t"], ["events", "Events", "e"]]],
    ["Why, what if", [["explain", "Explain", "x"], ["simulate", "Simulate", "s"]]],
    ["Health", [["probers", "Probers", "r"], ["nodes", "Nodes", "n"]]],
    ["Change", [["overrides", "Overrides", "o"], ["zones", "Zones", "z"], ["config", "Versions", "v"], ["audit", "Audit", "a"]]],
];
const PAGES = GROUPS.flatMap(([, pages]) => pages.map(([page, title, key]) => ({ page, title, key })));
const loaded = new Map(); // page → its component; each page's module is loaded when it is first shown

function App() {
    const here = usePlace();
    const page = PAGES.find((one) => one.page === here.page) ?? PAGES[0];
    const [asking, ask] = useState(""); // "palette" | "token" | "keys"
    const [want, act] = useState(null);
    const [open, setOpen] = useState(false);
    const state = useLive((now) => now);
    const Page = usePage(page.page);
    const theme = useTheme();
    const main = useRef(null);

    useEffect(() => token.onDenied(() => ask("token")), []);
    useEffect(() => {
        setOpen(false);
        document.title = `${page.title} · gslb${state.status ? ` · ${state.status.node}` : ""}`;
    }, [page.page, state.status?.node]);
    useEffect(() => { scrollTo(0, 0); }, [page.page]);
    useKeys({ ask, theme, busy: Boolean(asking || want) });

    const escape = (event) => { if (event.key === "Escape" && open) setOpen(false); };
    const stale = state.link === "stale";
    return html`<div class=${`shell ${stale ? "is-stale" : ""}`} onKeyDown=${escape}>
        <${Side} page=${page.page} open=${open} state=${state} />
        ${open && html`<div class="veil" onClick=${() => setOpen(false)}></div>`}
        <${Head} state=${state} theme=${theme} onPalette=${() => ask("palette")} onMenu=${() => setOpen(!open)} onToken=${() => ask("token")} open=${open} />
        <main class="main" id="main" tabindex="-1" ref=${main}>
            ${stale && html`<${Stale} heard=${state.heard} />`}
            <${Wrong} causes=${state.status?.degraded ?? []} />
            ${state.link === "denied" && !state.loaded
                ? html`<div class="nothing"><p>A token is needed to see anything here.</p><p><button class="primary" onClick=${() => ask("token")}>Give a token</button></p></div>`
                : !state.loaded
                  ? html`<p class="nothing" role="status">${state.link === "stale" ? "The service does not answer." : "Loading…"}</p>`
                  : Page ? html`<${Guard} key=${page.page}><${Page} here=${here} act=${act} /></${Guard}>` : html`<p class="nothing" role="status">Loading…</p>`}
        </main>
        <${Foot} state=${state} onToken=${() => ask("token")} />
        ${asking === "palette" && html`<${Palette} pages=${PAGES} onAct=${act} onTheme=${theme.turn} onClose=${() => ask("")} />`}
        ${asking === "token" && html`<${TokenDialog} onClose=${() => ask("")} />`}
        ${want && html`<${ActionDialog} want=${want} onClose=${() => act(null)} />`}
    </div>`;
}

/** A fault of one page leaves the others alone. */
function Guard({ children }) {
    const [error, forget] = useErrorBoundary((fault) => console.error(fault));
    useEffect(() => { performance.mark("useful"); }, []); // a page with what it shows is drawn: tests and curious people measure by it
    if (!error) return children;
    return html`<div class="problem" role="alert"><p>This page has a fault of its own: ${String(error.message ?? error)}</p><p><button onClick=${forget}>Try again</button></p></div>`;
}

function Side({ page, open, state }) {
    const down = state.status?.counts?.down ?? 0;
    return html`<nav class=${`side ${open ? "open" : ""}`} id="nav" aria-label="Pages">
        <div class="side-inner">
            <a class="brand narrow-hide" href="#/map"><${Logo} />gslb</a>
            ${GROUPS.map(([name, pages]) => html`<div class="nav-group" key=${name}>
                <h2>${name}</h2>
                ${pages.map(([path, title, key]) => html`<a key=${path} href=${`#/${path}`} aria-current=${path === page ? "page" : null}>
                    <span>${title}</span>${path === "pools" && down > 0 ? html`<span class="count" title="members down">▼ ${down}<span class="hidden"> members down</span></span>` : html`<kbd aria-hidden="true">g ${key}</kbd>`}</a>`)}
            </div>`)}
        </div>
    </nav>`;
}

function Head({ state, theme, onPalette, onMenu, onToken, open }) {
    const { status, traffic } = state;
    const last = traffic[traffic.length - 1];
    return html`<header class="head">
        <a class="brand" href="#/map" aria-label="gslb: world"><${Logo} /></a>
        <div class="facts">
            ${status && html`<span><b>${status.node}</b></span>
                <span class="wide">${last ? html`<span class="mono">${rate(last.qps)}</span> q/s` : ""}</span>
                <span class="wide">generation <span class="mono">${status.generation}</span></span>
                ${status.config?.version ? html`<span class="wide">version <span class="mono">${status.config.version}</span></span>` : null}
                ${status.counts && html`<span class="wide"><span class="mono">${status.counts.up}</span>/<span class="mono">${status.counts.members}</span> members up</span>`}`}
        </div>
        <div class="tools">
            <${Fresh} state=${state} onToken=${onToken} />
            <button class="plain" onClick=${onPalette} aria-label="Go to, or do (Ctrl K)" title="Go to, or do"><${Glass} /><kbd class="wide">Ctrl K</kbd></button>
            <button class="plain" onClick=${theme.turn} aria-label=${`Theme: ${theme.name}. Change`} title=${`Theme: ${theme.name}`}><${Moon} name=${theme.name} /></button>
            <button class="plain menu-button" onClick=${onMenu} aria-expanded=${open ? "true" : "false"} aria-controls="nav">Menu</button>
        </div>
    </header>`;
}

function Fresh({ state, onToken }) {
    useTick(1000);
    const texts = { live: "live", connecting: "connecting", stale: `stale since ${clock(state.heard / 1000)}`, denied: "token needed" };
    const text = texts[state.link];
    const shape = { live: "up", connecting: "unknown", stale: "down", denied: "error" }[state.link];
    const title = state.heard ? `last heard ${stamp(state.heard / 1000)}` : "nothing heard yet";
    if (state.link === "denied") return html`<button class="fresh" data-state="denied" onClick=${onToken}><${Shape} state="error" />${text}</button>`;
    return html`<span class="fresh" data-state=${state.link} title=${title} role="status"><${Shape} state=${shape} />${text}</span>`;
}

function Stale({ heard }) {
    useTick(1000);
    return html`<div class="stale-bar" role="alert">Stale since ${clock(heard / 1000)} UTC, for ${span(Math.round((Date.now() - heard) / 1000))}: the service does not answer, and what is below is from then.<button onClick=${() => live.again()}>Try now</button></div>`;
}

/** What is wrong, the root cause first. More than a few fold, and what is only to be known folds at once. */
function Wrong({ causes }) {
    const [whole, setWhole] = useState(false);
    useTick(5000);
    if (!causes.length) return null;
    const urgent = causes.filter((one) => one.level !== "info").slice(0, 3);
    const shown = whole ? causes : urgent.length ? urgent : causes.slice(0, 1);
    const more = causes.length - shown.length;
    return html`<section class="wrong" aria-label="What is wrong"><ul>
        ${shown.map((one) => html`<li key=${one.code + one.text} data-level=${one.level} data-code=${one.code}>
            <${Shape} state=${one.level === "info" ? "info" : "error"} />
            <span class="text"><span class="hidden">${one.level}: </span><strong>${one.text}</strong></span>
            <span class="age">${one.since ? age(one.since) : ""}</span>
            ${one.hint && html`<span class="hint">${one.hint.split("`").map((part, number) => (number % 2 ? html`<code>${part}</code>` : part))}</span>`}
        </li>`)}
    </ul>${(more > 0 || whole) && html`<button class="plain" aria-expanded=${whole ? "true" : "false"} onClick=${() => setWhole(!whole)}>${whole ? "Fewer" : `${more} more`}</button>`}</section>`;
}

function Foot({ state, onToken }) {
    const { status, who } = state;
    return html`<footer class="foot">
        <span><a href="https://db-ip.com" rel="noreferrer noopener" target="_blank">IP Geolocation by DB-IP</a>${status?.geo?.built ? ` (${String(built(status.geo.built))})` : ""}</span>
        <span>Map: Natural Earth, public domain</span>
        ${status && html`<span>gslb ${status.version}</span>`}
        ${who && html`<span>You are ${who.name || "nobody"}: ${(who.scopes ?? []).join(", ") || "no scopes"} <button type="button" class="plain" onClick=${onToken}>${who.how === "token" ? "Use another token" : "Use a token"}</button></span>`}
        <span><a href="/api/v1/openapi.json">API</a></span>
    </footer>`;
}

const built = (moment) => (typeof moment === "number" ? new Date(moment * 1000).toISOString().slice(0, 10) : moment);

function Logo() {
    return html`<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="var(--accent)" /><path d="M16 6v7m0 0-8 9m8-9 8 9m-8-9v9" stroke="var(--on-accent)" stroke-width="2.4" fill="none" stroke-linecap="round" /><circle cx="8" cy="24" r="3" fill="var(--on-accent)" /><circle cx="16" cy="24" r="3" fill="var(--on-accent)" /><path d="m24 27.4-3.4-5.6h6.8z" fill="var(--on-accent)" /></svg>`;
}

const Glass = () => html`<svg width="15" height="15" viewBox="0 0 16 16" aria-hidden="true"><circle cx="7" cy="7" r="4.6" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="m10.5 10.5 4 4" stroke="currentColor" stroke-width="1.5" /></svg>`;
const Moon = ({ name }) => html`<svg width="15" height="15" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" />${name === "system" ? html`<path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />` : name === "dark" ? html`<circle cx="8" cy="8" r="6" fill="currentColor" />` : null}</svg>`;

function usePage(page) {
    const [, draw] = useState(0);
    useEffect(() => {
        if (!loaded.has(page)) import(`./pages/${page}.js`).then((module) => { loaded.set(page, module.default); draw((count) => count + 1); });
    }, [page]);
    return loaded.get(page);
}

/** system → light → dark; what was chosen stays in localStorage. */
function useTheme() {
    const [name, setName] = useState(() => localStorage.getItem("gslb-theme") || "system");
    useEffect(() => {
        const rule = matchMedia("(prefers-color-scheme: dark)");
        const apply = () => { document.documentElement.dataset.theme = name === "system" ? (rule.matches ? "dark" : "light") : name; };
        apply();
        rule.addEventListener("change", apply);
        if (name === "system") localStorage.removeItem("gslb-theme");
        else localStorage.setItem("gslb-theme", name);
        live.state.loaded && dispatchEvent(new HashChangeEvent("hashchange")); // charts take their colours anew
        return () => rule.removeEventListener("change", apply);
    }, [name]);
    return { name, turn: () => setName((old) => ({ system: "light", light: "dark", dark: "system" })[old]) };
}

/** Ctrl-K and / open the palette; g and a letter go to a page. */
function useKeys({ ask, busy }) {
    useEffect(() => {
        let after = 0;
        const pressed = (event) => {
            if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
                event.preventDefault();
                return ask("palette");
            }
            if (busy || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return undefined;
            if (event.key === "/") {
                event.preventDefault();
                return ask("palette");
            }
            if (event.key === "g") {
                after = Date.now();
                return undefined;
            }
            const page = Date.now() - after < 1500 && PAGES.find((one) => one.key === event.key);
            after = 0;
            return page && go(page.page);
        };
        addEventListener("keydown", pressed);
        return () => removeEventListener("keydown", pressed);
    }, [busy]);
}

document.documentElement.dataset.theme = localStorage.getItem("gslb-theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
document.getElementById("app").replaceChildren();
render(html`<${App} />`, document.getElementById("app"));
live.start();
const first = PAGES.find((one) => location.hash.startsWith(`#/${one.page}`)) ?? PAGES[0];
import(`./pages/${first.page}.js`).then((module) => loaded.set(first.page, module.default));
