// Pools and their members: one dense table, by pool or sorted across all, with an operator's words at each row.
import { html, useMemo } from "../parts/html.js";
import { age, count, percent, span, stamp } from "../parts/format.js";
import { now } from "../parts/live.js";
import { poolState, RANK, standing, State } from "../parts/marks.js";
import { sorted, Table } from "../parts/table.js";
import { go, link, refine, useLive, useTick } from "../parts/use.js";
import { MemberSheet } from "../parts/member.js";

const STATES = ["up", "down", "unknown", "drained", "weighted"];

export default function Pools({ here, act }) {
    const pools = useLive((state) => state.pools);
    const { q = "", state = "", site = "", sort = "" } = here.query;
    const [pool = "", member = ""] = here.parts;
    useTick(5000);
    const everything = useMemo(() => members(pools), [pools]);
    const kept = useMemo(() => filter(everything, { q, state, site, pool }), [everything, q, state, site, pool]);
    const columns = useMemo(() => COLUMNS(act), [act]);
    const rows = useMemo(() => (sort ? sorted(kept, columns, sort) : grouped(kept, pools, act)), [kept, sort, columns]);
    const sites = useMemo(() => [...new Set(everything.map((row) => row.site).filter(Boolean))].sort(), [everything]);
    const chosen = pool && member ? everything.find((row) => row.pool === pool && row.member === member) : null;
    const bad = everything.filter((row) => row.shown.state === "down").length;

    return html`<div>
        <div class="page-head">
            <div><h1>Pools${pool && html` <span class="dim">/</span> ${pool}`}</h1>
                <p class="lede"><b>${count(pools.size, "pool")}</b>, <b>${count(everything.length, "member")}</b>${bad ? html`, <b>${bad}</b> down` : ", none down"}${kept.length !== everything.length ? html`; <b>${kept.length}</b> shown` : ""}</p></div>
            <div class="tools" role="search">
                <input type="search" aria-label="Filter members" placeholder="Filter: name, address, reason" value=${q} onInput=${(event) => refine({ q: event.target.value })} />
                <select aria-label="State" value=${state} onChange=${(event) => refine({ state: event.target.value })}><option value="">any state</option>${STATES.map((one) => html`<option value=${one}>${one}</option>`)}</select>
                <select aria-label="Site" value=${site} onChange=${(event) => refine({ site: event.target.value })}><option value="">any site</option>${sites.map((one) => html`<option value=${one}>${one}</option>`)}</select>
                ${(pool || q || state || site || sort) && html`<a class="button" href="#/pools">Clear</a>`}
            </div>
        </div>
        ${pool && pools.get(pool) && html`<${About} pool=${pools.get(pool)} />`}
        <div class="ages"><${Table} label="Members of pools" columns=${columns} rows=${rows} id=${(row) => row.id} sort=${sort} onSort=${(key) => refine({ sort: key })}
            onOpen=${(row) => go("pools", [row.pool, row.member], here.query)} selected=${chosen?.id} empty="No member is like that." /></div>
        ${chosen && html`<${MemberSheet} row=${chosen} act=${act} onClose=${() => go("pools", pool && here.query.one ? [pool] : [], here.query)} />`}
    </div>`;
}

function About({ pool }) {
    const shares = Object.entries(pool.sites ?? {}).sort((a, b) => b[1] - a[1]);
    const ttl = pool.ttl && (typeof pool.ttl === "object" ? `${pool.ttl.max}/${pool.ttl.min} s` : pool.ttl);
    return html`<p class="lede quiet" style=${{ marginBottom: "14px" }}>
        ${pool.policy && html`policy <b>${typeof pool.policy === "string" ? pool.policy : pool.policy.join(" → ")}</b> · `}${ttl && html`TTL ${ttl} · `}${pool.answers != null && html`answers ${pool.answers || "all"} · `}${pool.names != null && html`${count(pool.names, "name")}`}
        ${shares.length > 0 && html` · now ${shares.slice(0, 6).map(([site, share]) => `${site} ${percent(share)}`).join(", ")}`}</p>`;
}

const COLUMNS = (act) => [
    { key: "member", title: "Member", width: "22%", narrowWidth: "46%", sort: (row) => row.member, cell: (row) => html`<span class="two"><span class="mono clip" title=${`${row.pool}/${row.member}`}>${row.member}</span><small class="wide-hide clip">${row.why || [row.site, row.addresses[0]?.address].filter(Boolean).join(" · ")}</small></span>` },
    { key: "state", title: "State", width: "124px", narrowWidth: "112px", sort: (row) => RANK[row.shown.state] ?? 9, cell: (row) => html`<${State} ...${row.shown} />` },
    { key: "since", title: "For", width: "72px", narrow: false, number: true, down: true, sort: (row) => row.since ?? 0, cell: (row) => html`<span title=${row.since ? `since ${stamp(row.since)}` : ""}>${row.since ? age(row.since) : ""}</span>` },
    { key: "site", title: "Site", width: "92px", narrow: false, sort: (row) => row.site ?? "", cell: (row) => row.site ?? html`<span class="dim">–</span>` },
    { key: "pool", title: "Pool", width: "14%", narrow: false, sort: (row) => row.pool, cell: (row) => row.pool },
    { key: "weight", title: "Weight", width: "74px", narrow: false, number: true, down: true, sort: (row) => weight(row), cell: (row) => (row.override?.kind === "weight" ? html`<b title=${`${row.weight} in the files`}>${weight(row)}</b>` : weight(row)) },
    { key: "why", title: "Reason", narrow: false, sort: (row) => row.why, cell: (row) => html`<span title=${row.why}>${row.why}</span>` },
    { key: "act", title: "Actions", hidden: true, width: "96px", narrowWidth: "88px", kind: "act", cell: (row) => html`<${Quick} row=${row} act=${act} />` },
];

/** The weight that counts: an operator's, or the file's. */
const weight = (row) => (row.override?.kind === "weight" ? row.override.weight : row.weight ?? 1);

/** The one thing most wanted at a row: drain, or what takes it back; the rest is in the sheet. */
function Quick({ row, act }) {
    const subject = { level: "member", pool: row.pool, member: row.member };
    const mine = row.override?.level === "member";
    const back = row.forced === "drained" && mine;
    return html`<button type="button" aria-label=${`${back ? "Undrain" : "Drain"} ${row.id}`} onClick=${() => act({ kind: "drain", subject, back })}>${back ? "Undrain" : "Drain"}</button>`;
}

/** All members, flat, with what the table shows of each. */
function members(pools) {
    return [...pools.values()].flatMap((pool) => pool.members.map((member) => {
        const checks = member.addresses.flatMap((address) => address.checks);
        const worst = checks.reduce((a, b) => (!a || (RANK[b.state] ?? 9) < (RANK[a.state] ?? 9) ? b : a), null);
        const said = member.override;
        const why = said
            ? `${said.kind}${said.level === "member" ? "" : ` of the ${said.level}`} by ${said.author || "somebody"}: ${said.reason}${said.expires ? ` (${span(Math.round(said.expires - now()))} more)` : ""}`
            : member.state === "up" ? (checks.length ? "" : "not checked") : worst?.reason || (checks.length ? "no result yet" : "not checked");
        return { ...member, id: `${pool.pool}/${member.member}`, pool: pool.pool, checks, shown: standing(member), since: said?.since ?? worst?.since ?? null, why };
    }));
}

function filter(rows, { q, state, site, pool }) {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((row) => (!state || row.shown.state === state) && (!site || row.site === site) && (!pool || row.pool === pool) && words.every((word) => text(row).includes(word)));
}

const texts = new WeakMap();
function text(row) {
    if (!texts.has(row)) texts.set(row, [row.id, row.site, row.why, row.shown.text, ...row.addresses.map((one) => one.address)].join(" ").toLowerCase());
    return texts.get(row);
}

/** Rows by pool, each pool with a line of its own. */
function grouped(rows, pools, act) {
    const out = [];
    let last = null;
    for (const row of rows) {
        if (row.pool !== last) {
            last = row.pool;
            const pool = pools.get(row.pool);
            out.push({ key: `pool ${row.pool}`, group: html`<${PoolLine} pool=${pool} act=${act} />` });
        }
        out.push(row);
    }
    return out;
}

function PoolLine({ pool, act }) {
    const good = pool.members.filter((member) => ["up", "weighted"].includes(standing(member).state)).length;
    const drained = pool.members.length > 0 && pool.members.every((member) => member.override?.level === "pool" && member.forced === "drained");
    return html`<span class="pool-line"><${State} state=${poolState(pool)} text=${html`<a href=${link("pools", [pool.pool])}>${pool.pool}</a>`} />
        <span class="quiet">${good} of ${pool.members.length} serving</span>
        <span class="quiet narrow-hide clip">${pool.policy ? (typeof pool.policy === "string" ? pool.policy : pool.policy.join(" → ")) : ""}</span>
        <span class="pool-sites narrow-hide">${Object.entries(pool.sites ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 5).map(([site, share]) => html`<span key=${site} class="tag">${site} ${percent(share)}</span>`)}</span>
        <button type="button" class="plain" aria-label=${`${drained ? "Undrain" : "Drain"} pool ${pool.pool}`} onClick=${() => act({ kind: "drain", back: drained, subject: { level: "pool", pool: pool.pool } })}>${drained ? "Undrain pool" : "Drain pool"}</button>
    </span>`;
}
