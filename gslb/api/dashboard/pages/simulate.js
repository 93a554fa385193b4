// What if: sites or members down, or another time. Who would be sent where, by site, pool and country, before it happens.
import { html, useEffect, useMemo, useState } from "../parts/html.js";
import { ask } from "../parts/api.js";
import { count, country, percent } from "../parts/format.js";
import { Swatch, hue } from "../parts/marks.js";
import { sorted, Table } from "../parts/table.js";
import { link, refine, useAsk } from "../parts/use.js";

export default function Simulate({ here }) {
    const { down = "", names = "", at = "", sort = "" } = here.query;
    const { data: known } = useAsk("/sites");
    const sites = known?.items ?? [];
    const index = useMemo(() => new Map(sites.map((site, number) => [site.site, number])), [known]);
    const [found, put] = useState({ busy: true });
    const [form, setForm] = useState({ names, at, more: "" });
    const assumed = split(down);

    useEffect(() => {
        const stop = new AbortController();
        put((old) => ({ ...old, busy: true }));
        ask("POST", "/simulate", { names: split(names), assume_down: assumed, ...(at ? { at } : {}) }, { signal: stop.signal })
            .then((data) => put({ data }))
            .catch((error) => stop.signal.aborted || put({ error }));
        return () => stop.abort();
    }, [down, names, at]);

    const turn = (site) => refine({ down: (assumed.includes(site) ? assumed.filter((one) => one !== site) : [...assumed, site]).join(",") });
    const submit = (event) => {
        event.preventDefault();
        refine({ names: split(form.names).join(","), at: form.at.trim(), down: [...new Set([...assumed, ...split(form.more)])].join(",") });
        setForm({ ...form, more: "" });
    };
    const { data } = found;
    return html`<div>
        <div class="page-head"><div><h1>Simulate</h1><p class="lede">What if? Nothing is changed by asking.</p></div></div>
        <form class="question" onSubmit=${submit} noValidate>
            <fieldset class="whole-line"><legend>Sites assumed down</legend><div class="chips flush">${sites.map((site) => html`<button key=${site.site} type="button" aria-pressed=${assumed.includes(site.site) ? "true" : "false"} onClick=${() => turn(site.site)}><${Swatch} index=${index.get(site.site)} />${site.site}</button>`)}
                ${assumed.filter((one) => !index.has(one)).map((one) => html`<button key=${one} type="button" aria-pressed="true" onClick=${() => turn(one)}>${one} ✕</button>`)}</div></fieldset>
            <label>Members too<input class="mono" value=${form.more} placeholder="pool/member" autocomplete="off" spellcheck="false" onInput=${(event) => setForm({ ...form, more: event.target.value })} /></label>
            <label class="grow">Names (none: all)<input class="mono" value=${form.names} placeholder="www.example.com" autocomplete="off" spellcheck="false" onInput=${(event) => setForm({ ...form, names: event.target.value })} /></label>
            <label>At<input class="mono" value=${form.at} size="10" placeholder="now, +2h" autocomplete="off" spellcheck="false" onInput=${(event) => setForm({ ...form, at: event.target.value })} /></label>
            <button class="primary">Simulate</button>
        </form>
        ${found.error && html`<p class="problem" role="alert">${found.error.message}</p>`}
        ${data && html`<div class="trace" aria-live="polite" aria-busy=${found.busy ? "true" : "false"}>
            <header class="verdict"><p class="summary">${data.summary}</p>
                <p class="quiet">${count(data.names ?? 0, "name")}, clients by ${said(data.population?.source)}: ${count(data.population?.cells ?? 0, "place")} in ${count(data.population?.countries ?? 0, "country", "countries")}. Shares are of clients, not of traffic.</p>
                ${(data.warnings ?? []).map((text) => html`<p class="note">${text}</p>`)}</header>
            <${Bars} data=${data} index=${index} />
            <div class="halves section">
                <${Sites} sites=${data.sites} index=${index} load=${data.question?.load} />
                <${Pools} pools=${data.pools} />
            </div>
            <${Countries} countries=${data.countries} index=${index} sort=${sort} />
        </div>`}
        ${!data && found.busy && html`<p class="nothing" role="status">Counting clients…</p>`}
    </div>`;
}

const split = (text) => (text ?? "").split(/[\s,]+/).filter(Boolean);
const said = (source) => (source === "built in" || !source ? "addresses of each country" : String(source));
const of = (share) => percent((share ?? 0) / 100);

/** Now and then, one bar above the other. */
function Bars({ data, index }) {
    const bar = (which, title) => html`<div class="now-then"><span class="quiet">${title}</span><span class="bar tall" role="img" aria-label=${`${title}: ${data.sites.map((one) => `${one.site} ${of(one[which])}`).join(", ")}`}>
        ${data.sites.filter((one) => one[which] > 0).map((one) => html`<i key=${one.site} data-site=${one.site} style=${{ width: `${one[which]}%`, background: hue(index.get(one.site)) }}>${one[which] > 7 ? `${one.site} ${of(one[which])}` : ""}</i>`)}</span></div>`;
    const supposes = data.assumed?.down?.length || data.assumed?.at || data.assumed?.drained?.length;
    return html`<div class="bars">${bar("now", "now")}${supposes ? bar("then", "then") : null}</div>`;
}

function Sites({ sites, index, load }) {
    return html`<section><div class="section-head"><h2>Sites</h2></div><table aria-label="Sites now and then"><thead><tr><th scope="col">Site</th><th scope="col" class="number">now</th><th scope="col" class="number">then</th><th scope="col" class="number">change</th><th scope="col" class="number">capacity</th></tr></thead>
        <tbody>${sites.map((one) => html`<tr key=${one.site}><td><${Swatch} index=${index.get(one.site)} /> <b>${one.site}</b> <span class="quiet">${one.name !== one.site ? one.name : ""}</span></td><td class="number">${of(one.now)}</td><td class="number"><b>${of(one.then)}</b></td><td class="number">${change(one.then - one.now)}</td><td class="number">${one.over_then ? html`<span class="tag" data-tone="down">over</span> ` : ""}${one.capacity ?? "–"}</td></tr>`)}</tbody></table></section>`;
}

function change(points) {
    if (Math.abs(points) < 0.005) return html`<span class="dim">=</span>`;
    return html`<b>${points > 0 ? "▲" : "▼"} ${Math.abs(points).toFixed(Math.abs(points) < 10 ? 1 : 0)}</b>`;
}

function Pools({ pools }) {
    return html`<section><div class="section-head"><h2>Pools</h2></div><table aria-label="Pools"><thead><tr><th scope="col">Pool</th><th scope="col" class="number">names</th><th scope="col" class="number">moved</th><th scope="col">then</th></tr></thead>
        <tbody>${pools.slice(0, 60).map((one) => html`<tr key=${one.pool}><td><a href=${link("pools", [one.pool])}>${one.pool}</a></td><td class="number">${one.names}</td><td class="number">${one.moved ? html`<b>${of(one.moved)}</b>` : html`<span class="dim">0 %</span>`}</td><td class="shares-cell">${shares(one.then)}${Object.keys(one.rules ?? {}).filter(Boolean).map((rule) => html` <span class="tag" data-tone="warn">${rule}</span>`)}</td></tr>`)}</tbody></table></section>`;
}

const shares = (some) => Object.entries(some ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 4).map(([site, share]) => `${site} ${of(share)}`).join(", ");

function Countries({ countries, index, sort }) {
    const rows = countries.map((one) => ({ ...one, name: one.name || country(one.country), first: first(one.now), last: first(one.then) }));
    const columns = [
        { key: "name", title: "Country", width: "24%", narrowWidth: "34%", sort: (row) => row.name, cell: (row) => row.name },
        { key: "weight", title: "Clients", width: "82px", number: true, down: true, sort: (row) => row.weight, cell: (row) => of(row.weight) },
        { key: "moved", title: "Moved", width: "82px", number: true, down: true, sort: (row) => row.moved, cell: (row) => (row.moved ? html`<b>${of(row.moved)}</b>` : html`<span class="dim">0 %</span>`) },
        { key: "first", title: "Now", narrow: false, sort: (row) => row.first, cell: (row) => html`<${Swatch} index=${index.get(row.first)} /> ${shares(row.now)}` },
        { key: "last", title: "Then", sort: (row) => row.last, cell: (row) => html`<${Swatch} index=${index.get(row.last)} /> ${shares(row.then)}` },
    ];
    const key = sort || (rows.some((row) => row.moved) ? "-moved" : "-weight");
    return html`<section class="section"><h2>Countries</h2><${Table} label="Countries now and then" columns=${columns} rows=${sorted(rows, columns, key)} id=${(row) => row.country} sort=${key} onSort=${(one) => refine({ sort: one })} /></section>`;
}

const first = (some) => Object.entries(some ?? {}).sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
