// The world: countries in the colour of the site that serves them, sites as marks of state. Projected by Equal Earth (Šavrič, Patterson, Jenny 2018),
// so that areas are comparable. One stop for the keyboard: arrow keys go from country to country.
import { html, useEffect, useMemo, useRef, useState } from "./html.js";
import { hue, shape } from "./marks.js";
import { useNarrow } from "./use.js";

const WIDTH = 1000;
const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const SCALE = WIDTH / (2 * 2.7066);
const TOP = 84; // degrees of latitude shown to the north, and to the south without Antarctica
const BOTTOM = -57;

/** Longitude and latitude to x and y. */
export function project(longitude, latitude) {
    const sine = Math.asin((Math.sqrt(3) / 2) * Math.sin((latitude * Math.PI) / 180));
    const square = sine * sine;
    const sixth = square * square * square;
    const x = (2 * Math.sqrt(3) * ((longitude * Math.PI) / 180) * Math.cos(sine)) / (3 * (9 * A4 * square * sixth + 7 * A3 * sixth + 3 * A2 * square + A1));
    const y = A4 * sine * square * sixth + A3 * sine * sixth + A2 * sine * square + A1 * sine;
    return [WIDTH / 2 + SCALE * x, -SCALE * y];
}

const NORTH = project(0, TOP)[1];
const HEIGHT = project(0, BOTTOM)[1] - NORTH;

let loading = null;

/** The countries as [{code, path, x}]: read once, projected once. */
export function countries() {
    loading ||= Promise.all([
        fetch(new URL("../map/countries-110m.svg", import.meta.url)).then((response) => response.text()),
        fetch(new URL("../map/codes.json", import.meta.url)).then((response) => response.json()),
    ]).then(([svg, codes]) => [...svg.matchAll(/<path id="c(\d*)" d="([^"]+)"/g)].filter(([, number]) => number !== "010").map(([, number, path]) => made(codes[number] || "", path)));
    return loading;
}

function made(code, path) {
    let sum = 0;
    let points = 0;
    const drawn = path.split("Z").filter(Boolean).map((ring) => whole(ring.slice(1).split("L").map((point) => point.split(" ").map(Number))).map(([x, y], number) => {
        const [a, b] = project(x / 2.5 - 180, 90 - y / 2.5);
        sum += a;
        points += 1;
        return `${number ? "L" : "M"}${a.toFixed(1)} ${(b - NORTH).toFixed(1)}`;
    }).join("")).join("Z");
    return { code, path: `${drawn}Z`, x: sum / points };
}

/** A ring that crosses the 180th meridian goes on beyond the edge of the map, on the side where most of it lies. */
function whole(ring) {
    let turn = 0;
    const walked = ring.map(([x, y], number) => {
        if (number && Math.abs(x - ring[number - 1][0]) > 450) turn += x < ring[number - 1][0] ? 900 : -900;
        return [x + turn, y];
    });
    const middle = walked.reduce((total, [x]) => total + x, 0) / walked.length;
    const back = middle > 900 ? 900 : middle < 0 ? -900 : 0;
    return walked.map(([x, y]) => [x - back, y]);
}

/**
 * `serves`: code → {site, shares}; `sites`: [{site, name, location, state, index}]; `chosen`: a site whose countries stand out.
 * `onPoint(code or "")` while one looks at a country, `onSite(site)` when a mark is chosen.
 */
export function WorldMap({ serves, sites, chosen, pointed, onPoint, onSite, summary }) {
    const [lands, put] = useState([]);
    const self = useRef(null);
    useEffect(() => { countries().then(put); }, []);
    const order = useMemo(() => lands.filter((land) => land.code).sort((a, b) => a.x - b.x).map((land) => land.code), [lands]);
    const index = useMemo(() => new Map(sites.map((site) => [site.site, site.index])), [sites]);

    const keys = (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10 }[event.key];
        if (event.key === "Escape") onPoint("");
        if (!step || event.target !== self.current) return;
        event.preventDefault();
        const at = order.indexOf(pointed);
        onPoint(order[(at + step + order.length) % order.length] ?? "");
    };
    const over = (event) => {
        const code = event.target.dataset?.code;
        if (code !== undefined) onPoint(code);
    };
    const ground = useMemo(() => graticule(), []);
    const shapes = useMemo(() => lands.map((land, number) => {
        const served = serves[land.code];
        const mixed = served && Object.keys(served.shares || {}).length > 1;
        return html`<path key=${land.code || number} d=${land.path} data-code=${land.code} data-site=${served?.site || null} class=${chosen && served?.site !== chosen ? "land away" : "land"}
            style=${{ fill: served?.site ? hue(index.get(served.site)) : "var(--land)", fillOpacity: mixed ? 0.62 : 1 }} />`;
    }), [lands, serves, chosen, index]);
    const lit = pointed && lands.find((land) => land.code === pointed);

    return html`<svg class="world" ref=${self} viewBox=${`0 0 ${WIDTH} ${Math.round(HEIGHT)}`} tabindex="0" role="group" aria-label=${summary}
            onKeyDown=${keys} onPointerOver=${over} onPointerLeave=${() => onPoint("")} onClick=${over} onBlur=${(event) => event.target === self.current && onPoint("")}>
        <path d=${ground} class="graticule" data-code="" />
        <g>${shapes}</g>
        ${lit && html`<path d=${lit.path} class="land-lit" />`}
        <${Marks} sites=${sites} chosen=${chosen} onSite=${onSite} />
    </svg>`;
}

function Marks({ sites, chosen, onSite }) {
    const scale = useNarrow() ? 2.1 : 1; // a phone shows the world at 40 %: marks keep their size for eye and thumb
    const placed = spread(sites.filter((site) => site.location), scale);
    return html`<g>${placed.map(({ site, x, y, left }) => html`
        <g key=${site.site} class="mark" data-state=${site.state} data-site=${site.site} data-chosen=${chosen === site.site || null} transform=${`translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale})`}
            role="button" tabindex="0" aria-pressed=${chosen === site.site ? "true" : "false"} aria-label=${`site ${site.site}, ${site.name || site.site}: ${site.text}`}
            onClick=${(event) => { event.stopPropagation(); onSite(site.site); }}
            onKeyDown=${(event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); onSite(site.site); } }}>
            <rect x=${left ? 11 - breadth(site) : -11} y="-12" width=${breadth(site)} height="24" rx="12" class="mark-ground" style=${{ stroke: hue(site.index) }} />
            <svg x="-6" y="-6" width="12" height="12" viewBox="0 0 12 12">${shape(site.mark || site.state)}</svg>
            <text x=${left ? -10 : 10} y="4" text-anchor=${left ? "end" : "start"}>${site.site}</text>
        </g>`)}</g>`;
}

const breadth = (site) => 28 + 7.4 * site.site.length;

/** Keep marks apart: what would lie on another goes to the left of its point, or moves down. */
function spread(sites, scale) {
    const taken = [];
    return sites.map((site) => {
        const [x, north] = project(site.location[1], site.location[0]);
        let y = north - NORTH;
        const edges = (toLeft) => [x + scale * (toLeft ? 11 - breadth(site) : -11), x + scale * (toLeft ? 11 : breadth(site) - 11)];
        const free = (toLeft) => {
            const [from, to] = edges(toLeft);
            return from > 0 && to < WIDTH && !taken.some((box) => from < box.to && to > box.from && Math.abs(y - box.y) < 25 * scale);
        };
        let left = false;
        for (let tries = 0; tries < 40; tries += 1, y += 6 * scale) {
            if (free(false)) { left = false; break; }
            if (free(true)) { left = true; break; }
        }
        const [from, to] = edges(left);
        taken.push({ from, to, y });
        return { site, x, y, left };
    });
}

function graticule() {
    const lines = [];
    const line = (points) => lines.push(points.map(([x, y], number) => `${number ? "L" : "M"}${x.toFixed(1)} ${(y - NORTH).toFixed(1)}`).join(""));
    const steps = (from, to, by) => Array.from({ length: Math.round((to - from) / by) + 1 }, (_, number) => from + number * by);
    for (const longitude of steps(-180, 180, 30)) line(steps(BOTTOM - 3, TOP, 3).map((latitude) => project(longitude, latitude)));
    for (const latitude of steps(-30, 60, 30)) line(steps(-180, 180, 6).map((longitude) => project(longitude, latitude)));
    return lines.join("");
}
