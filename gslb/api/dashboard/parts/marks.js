// How a state looks: a shape, a colour and a word, always all three. Shapes differ without colour, at 10 px, and on the map.
//
//   up ●   degraded ◐   down ▼   drained ‖   unknown ○   weighted ◆   forced up ▲
import { percent } from "./format.js";
import { html } from "./html.js";

const SHAPES = {
    up: html`<circle cx="6" cy="6" r="5" fill="currentColor" />`,
    degraded: html`<circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" stroke-width="1.4" /><path d="M6 1.2a4.8 4.8 0 0 1 0 9.6z" fill="currentColor" />`,
    down: html`<path d="M.6 1.6h10.8L6 11.4z" fill="currentColor" />`,
    drained: html`<path d="M2 1h3v10H2zM7 1h3v10H7z" fill="currentColor" />`,
    unknown: html`<circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.3 1.6" />`,
    weighted: html`<path d="M6 .4 11.6 6 6 11.6.4 6z" fill="currentColor" />`,
    forced: html`<path d="M6 .8 11.6 10.8H.4z" fill="currentColor" />`,
    error: html`<path d="M6 .6 11.8 11.2H.2z" fill="currentColor" /><path d="M6 4.4v3.2M6 8.9v.9" stroke="var(--ground)" stroke-width="1.3" />`,
    info: html`<circle cx="6" cy="6" r="5.2" fill="currentColor" /><path d="M6 5.2v4M6 2.6v1.2" stroke="var(--ground)" stroke-width="1.4" />`,
};
SHAPES.absent = SHAPES.unknown;

/** The bare shape; for the eye only, a word must stand beside it. */
export function Shape({ state }) {
    return html`<svg viewBox="0 0 12 12" aria-hidden="true" focusable="false">${SHAPES[state] || SHAPES.unknown}</svg>`;
}

export const shape = (state) => SHAPES[state] || SHAPES.unknown;

export function State({ state, text, title }) {
    return html`<span class="state" data-state=${state} title=${title}><${Shape} state=${state} />${text || state}</span>`;
}

/** What of a member counts: the operator's word where there is one, else what checks say. */
export function standing(member) {
    if (member.forced === "up") return { state: "up", text: "up (forced)" };
    if (member.forced === "down") return { state: "down", text: "down (forced)" };
    if (member.forced === "drained") return { state: "drained", text: "drained" };
    if (member.forced === "weighted" && member.state === "up") return { state: "weighted", text: `weight ${member.override?.weight ?? ""}`.trim() };
    return { state: member.state || "unknown", text: member.state || "unknown" };
}

/** Order by how much it needs an eye: worst first. */
export const RANK = { down: 0, degraded: 1, unknown: 2, absent: 2, drained: 3, weighted: 4, up: 5 };

export function poolState(pool) {
    const states = pool.members.map((member) => standing(member).state);
    const good = states.filter((state) => state === "up" || state === "weighted").length;
    if (!states.length) return "unknown";
    if (good === states.length) return "up";
    if (states.every((state) => state === "unknown")) return "unknown";
    return good ? "degraded" : "down";
}

export function Share({ value, site }) {
    return html`<span class="share"><span class="bar" aria-hidden="true"><i style=${{ width: `${Math.min(100, 100 * value)}%`, ...(site != null ? { background: hue(site) } : {}) }}></i></span><span>${percent(value)}</span></span>`;
}

/** The colour of a site's countries: by its place in the list of sites. */
export const hue = (index) => (index == null || index < 0 ? "var(--line-strong)" : `var(--site-${index % 8})`);

export function Swatch({ index }) {
    return html`<span class="swatch" style=${{ background: hue(index) }} aria-hidden="true"></span>`;
}
