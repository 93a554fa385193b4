// A list of events by day; each opens to its evidence.
import { html, useState } from "./html.js";
import { age, clock, date, stamp } from "./format.js";
import { Shape } from "./marks.js";
import { useTick } from "./use.js";

const MARKS = [[/^up\b/, "up"], [/^down\b/, "down"], [/^unknown\b/, "unknown"], [/drain/, "drained"]];

export function Happenings({ items, empty }) {
    useTick(5000);
    const days = [];
    for (const one of items) {
        const day = date(one.at);
        if (days.at(-1)?.day !== day) days.push({ day, items: [] });
        days.at(-1).items.push(one);
    }
    if (!items.length) return html`<p class="nothing">${empty}</p>`;
    return html`<div class="ages">${days.map(({ day, items: some }) => html`<section key=${day} class="day"><h2>${day}</h2><ol class="happenings">${some.map((one) => html`<${Happening} key=${one.id || one.key || one.at} one=${one} />`)}</ol></section>`)}</div>`;
}

function Happening({ one }) {
    const [open, setOpen] = useState(false);
    const evidence = one.evidence && Object.keys(one.evidence).length > 0;
    return html`<li class="happening" data-level=${one.level} data-kind=${one.kind}>
        <time datetime=${new Date(one.at * 1000).toISOString()} title=${`${stamp(one.at)}, ${age(one.at)} ago`}>${clock(one.at)}</time>
        <span class="happening-mark" data-state=${mark(one)}><${Shape} state=${mark(one)} /></span>
        <span class="tag">${one.kind}</span>
        <span class="happening-what"><b class="mono">${one.subject}</b> ${one.what}${one.level === "error" || one.level === "warning" ? html`<span class="hidden"> (${one.level})</span>` : ""}</span>
        <span class="happening-who quiet">${[one.by && `by ${one.by}`, one.node && `on ${one.node}`].filter(Boolean).join(" ")}</span>
        ${evidence ? html`<button type="button" class="plain" aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>${open ? "Less" : "Evidence"}</button>` : html`<span></span>`}
        ${open && html`<pre class="evidence">${JSON.stringify(one.evidence, null, 2)}</pre>`}
    </li>`;
}

function mark(one) {
    if (["verdict", "member", "pool"].includes(one.kind)) {
        const found = MARKS.find(([pattern]) => pattern.test(one.what ?? ""));
        if (found) return found[1];
    }
    if (one.kind === "override" && /drain/.test(one.what ?? "")) return "drained";
    return one.level === "error" || one.level === "warning" ? "error" : "info";
}
