// Who looks at what: probers, and the matrix of what each of them says of each target, with ages.
import { html, useMemo } from "../parts/html.js";
import { count, span } from "../parts/format.js";
import { RANK, Shape, State } from "../parts/marks.js";
import { Table } from "../parts/table.js";
import { refine, useAsk, useLive } from "../parts/use.js";

export default function Probers({ here }) {
    const { q = "", all = "" } = here.query;
    const probers = useLive((state) => state.status?.probers) ?? [];
    const { data: matrix, error } = useAsk("/matrix", { every: 3000 });
    return html`<div>
        <div class="page-head"><div><h1>Probers</h1><p class="lede"><b>${count(probers.length, "prober")}</b>, ${probers.filter(believed).length} believed${matrix ? html`; <b>${count(matrix.targets.length, "target")}</b>` : ""}</p></div></div>
        <div class="wide-table ages"><table aria-label="Probers"><thead><tr><th scope="col">Prober</th><th scope="col">State</th><th scope="col">Place</th><th scope="col" class="number">Heard</th><th scope="col" class="number">Targets</th><th scope="col" class="number">Says down</th><th scope="col" class="number">Late by</th><th scope="col">Suspect</th></tr></thead>
            <tbody>${probers.map((one) => html`<tr key=${one.name} data-prober=${one.name}><td class="mono">${one.name}</td><td><${State} ...${standing(one)} /></td><td>${one.place}</td><td class="number">${span(one.age)}</td><td class="number">${one.targets}</td><td class="number">${one.down}</td><td class="number">${one.lateness ? span(one.lateness) : "–"}</td><td class="why">${one.suspect}</td></tr>`)}
            ${!probers.length && html`<tr><td colspan="8" class="nothing">No prober is known: nothing is checked.</td></tr>`}</tbody></table></div>
        ${error && html`<p class="problem">${error.message}</p>`}
        ${matrix && html`<${Matrix} matrix=${matrix} probers=${probers} q=${q} all=${all} />`}
    </div>`;
}

const believed = (one) => one.fresh && !one.suspect;
const standing = (one) => (!one.fresh ? { state: "down", text: "gone" } : one.suspect ? { state: "degraded", text: "suspect" } : { state: "up", text: "believed" });

function Matrix({ matrix, probers, q, all }) {
    const cells = useMemo(() => {
        const found = new Map();
        for (const [prober, target, state, age, grade] of matrix.votes) found.set(`${prober} ${target}`, { state, age, grade });
        return found;
    }, [matrix]);
    const trusted = new Set(probers.filter(believed).map((one) => one.name));
    const rows = useMemo(() => {
        const words = q.toLowerCase().split(/\s+/).filter(Boolean);
        return matrix.targets.map((target, index) => ({ ...target, index, id: `${target.check} ${target.address}`, odd: matrix.probers.some((_, prober) => (cells.get(`${prober} ${index}`)?.state ?? target.state) !== target.state) }))
            .filter((row) => words.every((word) => `${row.check} ${row.address} ${(row.pools ?? []).join(" ")} ${row.state}`.toLowerCase().includes(word)))
            .filter((row) => all !== "odd" || row.odd || row.state !== "up")
            .sort((a, b) => (RANK[a.state] ?? 9) - (RANK[b.state] ?? 9) || b.odd - a.odd);
    }, [matrix, cells, q, all]);
    const columns = useMemo(() => [
        { key: "target", title: "Target", width: "190px", narrowWidth: "124px", cell: (row) => html`<span class="mono" title=${row.id}>${row.address}</span>` },
        { key: "check", title: "Check", width: "80px", narrow: false, cell: (row) => row.check },
        { key: "pools", title: "Pools", width: "14%", narrow: false, cell: (row) => html`<span title=${(row.pools ?? []).join(", ")}>${(row.pools ?? []).join(", ")}</span>` },
        { key: "state", title: "Verdict", width: "108px", narrowWidth: "88px", cell: (row) => html`<${State} state=${row.state} />` },
        ...matrix.probers.map((name, prober) => ({
            key: `p${prober}`, title: html`<span class="clip" title=${name}>${name}</span>`,
            cell: (row) => html`<${Vote} vote=${cells.get(`${prober} ${row.index}`)} counted=${!trusted.size || trusted.has(name)} odd=${row.state} name=${name} />`,
        })),
    ], [matrix, cells, probers]);
    return html`<section class="section">
        <div class="section-head"><h2>Who says what</h2><div class="row"><input type="search" aria-label="Filter targets" placeholder="Filter: address, pool" value=${q} onInput=${(event) => refine({ q: event.target.value })} />
            <button type="button" aria-pressed=${all === "odd" ? "true" : "false"} onClick=${() => refine({ all: all === "odd" ? "" : "odd" })}>Only odd ones</button></div></div>
        <p class="legend quiet"><span><${Shape} state="up" /> up</span><span><${Shape} state="down" /> down</span><span><${Shape} state="unknown" /> unknown</span><span>· no vote</span><span><u>underlined</u>: says other than the verdict</span><span>the time: since when it says so</span></p>
        <div class="matrix-box" style=${{ "--probers": matrix.probers.length }}><${Table} label="What each prober says of each target" columns=${columns} rows=${rows} id=${(row) => row.id} empty="No target is like that." /></div>
    </section>`;
}

function Vote({ vote, counted, odd, name }) {
    if (!vote) return html`<span class="dim" title=${`${name}: no vote`}>·<span class="hidden"> no vote</span></span>`;
    const other = vote.state !== odd;
    return html`<span class="vote state" data-state=${vote.state} data-odd=${other || null} data-counted=${counted ? null : "false"} title=${`${name}: ${vote.state} for ${span(vote.age)}${vote.grade != null && vote.grade !== 100 ? `, grade ${vote.grade}` : ""}${counted ? "" : "; not counted"}`}><${Shape} state=${vote.state} /><span class="hidden">${vote.state}</span><small>${span(vote.age)}</small></span>`;
}
