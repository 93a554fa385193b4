// The world: who serves which country now, how the sites stand, and why.
import { html, useMemo, useState } from "../parts/html.js";
import { query } from "../parts/api.js";
import { count, country, percent } from "../parts/format.js";
import { WorldMap } from "../parts/map.js";
import { State, Swatch } from "../parts/marks.js";
import { Happenings } from "../parts/happenings.js";
import { sorted, Table } from "../parts/table.js";
import { link, refine, useAsk, useLive } from "../parts/use.js";

export default function World({ here, act }) {
    const { name = "", site: chosen = "", table = "", sort = "name" } = here.query;
    const said = useLive((state) => state.overrides);
    const { data: world, error } = useAsk(`/world${query({ name })}`, { every: 10_000 });
    const { data: found } = useAsk("/sites", { every: 5000 });
    const events = useLive((state) => state.events);
    const [pointed, point] = useState("");

    const sites = useMemo(() => shown(found?.items ?? []), [found]);
    const serves = useMemo(() => served(world), [world]);
    const tally = useMemo(() => tallied(serves), [serves]);
    const index = new Map(sites.map((site) => [site.site, site.index]));
    const names = (world?.choices ?? []).map((one) => one.name);
    const value = world?.name ?? name;
    const summary = `World map of ${world?.name ?? "…"}: ${sites.map((site) => `${site.site} ${site.text}, serves ${count(tally.get(site.site)?.length ?? 0, "country", "countries")}`).join("; ")}. Arrow keys go from country to country.`;

    return html`<div>
        <div class="page-head">
            <div><h1>World</h1><p class="lede">Which site answers each country now, for <b class="mono">${world?.name || name || "…"}</b>${world?.pool && html` by pool <a href=${link("pools", [world.pool])}>${world.pool}</a>`}</p></div>
            <div class="tools">
                <${NamePick} names=${value && !names.includes(value) ? [value, ...names] : names} value=${value} />
                <button aria-pressed=${table ? "true" : "false"} onClick=${() => refine({ table: table ? "" : "1" })}>As a table</button>
            </div>
        </div>
        ${error && html`<p class="problem">${error.message}</p>`}
        <div class="columns world-columns">
            <div class="world-box">
                ${table
                    ? html`<${Countries} serves=${serves} index=${index} chosen=${chosen} sort=${sort} />`
                    : html`<${WorldMap} serves=${serves} sites=${sites} chosen=${chosen} pointed=${pointed} onPoint=${point} onSite=${(site) => refine({ site: site === chosen ? "" : site })} summary=${summary} />
                      <div class="why-box" aria-live="polite"><${Why} code=${pointed} served=${serves[pointed]} index=${index} name=${world?.name} chosen=${sites.find((site) => site.site === chosen)} tally=${tally} /></div>`}
            </div>
            <aside aria-label="Sites"><div class="section-head"><h2>Sites</h2><small>${sites.filter((site) => site.state === "up").length} of ${sites.length} up</small></div>
                <ul class="site-list">${sites.map((site) => html`<${SiteLine} key=${site.site} site=${site} chosen=${chosen} countries=${tally.get(site.site) ?? []} total=${Object.keys(serves).length} act=${act} said=${said} />`)}</ul>
                ${tally.has("") && html`<p class="quiet" style=${{ padding: "8px" }}>${count(tally.get("").length, "country is", "countries are")} answered by no site.</p>`}
            </aside>
        </div>
        <section class="section lately"><div class="section-head"><h2>Lately</h2><a href="#/events">All events</a></div><${Happenings} items=${events.slice(0, 8)} empty="Nothing happened yet." /></section>
    </div>`;
}

function NamePick({ names, value }) {
    return html`<label class="inline">Name<select class="mono" value=${value} disabled=${!names.length} onChange=${(event) => refine({ name: event.target.value })}>${names.map((one) => html`<option value=${one}>${one}</option>`)}</select></label>`;
}

function SiteLine({ site, chosen, countries, total, act, said }) {
    const drained = said.some((one) => one.level === "site" && one.subject === site.site && one.kind === "drain");
    return html`<li class="site-line" data-chosen=${chosen === site.site || null}>
        <button type="button" class="plain site-name" aria-pressed=${chosen === site.site ? "true" : "false"} onClick=${() => refine({ site: chosen === site.site ? "" : site.site })}><${Swatch} index=${site.index} /><b>${site.site}</b><span class="quiet clip">${site.name !== site.site ? site.name : ""}</span></button>
        <${State} state=${site.mark} text=${site.text} />
        <span class="quiet site-more">${count(countries.length, "country", "countries")}${site.members != null ? ` · ${site.up ?? 0}/${site.members} up` : ""}</span>
        <span class="site-act"><a class="button plain" href=${link("simulate", [], { down: site.site })}>What if</a><button type="button" aria-label=${`${drained ? "Undrain" : "Drain"} site ${site.site}`} onClick=${() => act({ kind: "drain", back: drained, subject: { level: "site", site: site.site } })}>${drained ? "Undrain" : "Drain"}</button></span>
    </li>`;
}

function Why({ code, served, index, name, chosen, tally }) {
    if (!code) {
        if (chosen) return html`<p><b>${chosen.site}</b> answers ${count(tally.get(chosen.site)?.length ?? 0, "country", "countries")}${tally.get(chosen.site)?.length ? html`: <span class="quiet">${tally.get(chosen.site).map(country).sort().slice(0, 14).join(", ")}${tally.get(chosen.site).length > 14 ? " …" : ""}</span>` : "."}</p>`;
        return html`<p class="quiet">Point at a country, or go through them with the arrow keys, to see who answers it, and why. Where several sites share one, it is paler.</p>`;
    }
    if (!served) return html`<p><b>${country(code)}</b> <span class="quiet">no client is known to be there</span></p>`;
    const shares = Object.entries(served.shares ?? {}).sort((a, b) => b[1] - a[1]);
    return html`<p class="why-line"><b>${country(code)}</b> <span aria-hidden="true">→</span> ${shares.length > 1
        ? shares.slice(0, 6).map(([site, share]) => html`<span key=${site} class="why-site"><${Swatch} index=${index.get(site)} /><b>${site}</b> ${percent(share)}</span>`)
        : html`<span class="why-site"><${Swatch} index=${index.get(served.site)} /><b>${served.site || "no site"}</b></span>`}
        <a class="why-link" href=${link("explain", [], { name: name ?? "", country: code })}>Explain</a></p>
        <p class="quiet">${served.why}</p>`;
}

function Countries({ serves, index, chosen, sort }) {
    const rows = Object.entries(serves).filter(([, one]) => !chosen || one.site === chosen).map(([code, one]) => ({ ...one, code, name: country(code) }));
    const columns = [
        { key: "name", title: "Country", width: "26%", narrowWidth: "44%", sort: (row) => row.name, cell: (row) => row.name },
        { key: "site", title: "Site", width: "110px", sort: (row) => row.site ?? "", cell: (row) => html`<${Swatch} index=${index.get(row.site)} /> ${row.site || "–"}` },
        { key: "share", title: "Share", width: "90px", number: true, down: true, sort: (row) => row.shares?.[row.site] ?? 0, cell: (row) => percent(row.shares?.[row.site] ?? 1) },
        { key: "why", title: "Why", narrow: false, sort: (row) => row.why, cell: (row) => html`<span title=${row.why}>${row.why}</span>` },
    ];
    return html`<${Table} label="Countries and the sites that answer them" columns=${columns} rows=${sorted(rows, columns, sort)} id=${(row) => row.code} sort=${sort} onSort=${(key) => refine({ sort: key })} empty="No country." />`;
}

/** Sites as they are drawn: what operators said comes before what checks say. */
function shown(items) {
    return items.map((site, number) => {
        const forced = site.forced && site.forced !== "up";
        const mark = site.forced === "drained" ? "drained" : site.forced === "down" ? "down" : site.state;
        return { ...site, index: number, mark, state: mark, text: forced ? `${site.forced}${site.forced === "down" ? " (forced)" : ""}` : site.state };
    });
}

/** Countries where clients are, with shares of 0 to 1. */
function served(world) {
    const there = Object.entries(world?.countries ?? {}).filter(([, one]) => one.site != null || one.weight > 0);
    return Object.fromEntries(there.map(([code, one]) => [code, { ...one, shares: Object.fromEntries(Object.entries(one.shares).map(([site, share]) => [site, share / 100])) }]));
}

function tallied(serves) {
    const found = new Map();
    for (const [code, one] of Object.entries(serves)) found.set(one.site ?? "", [...(found.get(one.site ?? "") ?? []), code]);
    return found;
}
