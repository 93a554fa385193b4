// Zones and their records, as they are in the files; those of managed zones can be changed here, judged whole before they are taken.
import { html, useEffect, useMemo, useState } from "../parts/html.js";
import { all, ask, at } from "../parts/api.js";
import { Dialog, toast } from "../parts/dialog.js";
import { count } from "../parts/format.js";
import { Table } from "../parts/table.js";
import { link, refine, useAsk } from "../parts/use.js";

export default function Zones({ here }) {
    const [zone] = here.parts;
    return zone ? html`<${Zone} key=${zone} zone=${zone} here=${here} />` : html`<${List} />`;
}

function List() {
    const { data, error } = useAsk("/zones?limit=1000", { every: 10_000 });
    const zones = data?.items ?? [];
    return html`<div>
        <div class="page-head"><div><h1>Zones</h1><p class="lede"><b>${count(zones.length, "zone")}</b>, ${zones.filter((one) => one.managed).length} managed here; the others live in files</p></div></div>
        ${error && html`<p class="problem">${error.message}</p>`}
        <div class="wide-table"><table aria-label="Zones"><thead><tr><th scope="col">Zone</th><th scope="col" class="number">Names</th><th scope="col" class="number">Serial</th><th scope="col">Managed</th><th scope="col">File</th></tr></thead>
            <tbody>${zones.map((one) => html`<tr key=${one.zone}><td><a class="mono" href=${link("zones", [one.zone])}>${one.zone}</a></td><td class="number">${one.names}</td><td class="number">${one.serial ?? "–"}</td><td>${one.managed ? html`<span class="tag" data-tone="accent">managed</span>` : html`<span class="dim">no</span>`}</td><td class="mono quiet">${one.file}</td></tr>`)}
            ${data && !zones.length && html`<tr><td colspan="5" class="nothing">No zone is loaded.</td></tr>`}</tbody></table></div>
    </div>`;
}

function Zone({ zone, here }) {
    const { q = "" } = here.query;
    const [items, setItems] = useState(null);
    const [failed, setFailed] = useState(null);
    const [edited, edit] = useState(null);
    const [turn, setTurn] = useState(0);
    const { data: about } = useAsk(at`/zones/${zone}`);
    useEffect(() => {
        let gone = false;
        all(at`/zones/${zone}/records`, 20_000).then((found) => gone || setItems(found)).catch((error) => gone || setFailed(error));
        return () => { gone = true; };
    }, [zone, turn]);
    const rows = useMemo(() => {
        const words = q.toLowerCase().split(/\s+/).filter(Boolean);
        return (items ?? []).flatMap((one) => one.records.map((record, number) => ({ ...one, record, first: number === 0, id: `${one.name} ${number}`, text: data(record) })))
            .filter((row) => words.every((word) => `${row.fqdn} ${row.record.type ?? "pool"} ${row.text}`.toLowerCase().includes(word)));
    }, [items, q]);
    const managed = about?.managed;
    const columns = [
        { key: "name", title: "Name", width: "24%", narrowWidth: "36%", cell: (row) => html`<span class="mono" title=${row.fqdn}>${row.first ? row.name || "@" : ""}</span>` },
        { key: "type", title: "Type", width: "82px", narrowWidth: "62px", cell: (row) => (row.record.pool ? html`<span class="tag" data-tone="accent">pool</span>` : row.record.type) },
        { key: "ttl", title: "TTL", width: "70px", narrow: false, number: true, cell: (row) => row.record.ttl ?? "" },
        { key: "data", title: "Data", cell: (row) => html`<span class="mono" title=${row.text}>${row.record.pool ? html`<a href=${link("pools", [row.record.pool])}>${row.record.pool}</a>` : row.text}</span>` },
        { key: "act", title: "Actions", hidden: true, width: "150px", narrowWidth: "86px", kind: "act", cell: (row) => row.first && html`<span class="row-act">${managed && html`<button aria-label=${`Edit ${row.name || "@"}`} onClick=${() => edit(row)}>Edit</button>`}<a class="button narrow-hide" href=${link("explain", [], { name: row.fqdn, type: row.record.type ?? "A" })}>Explain</a></span>` },
    ];
    return html`<div>
        <div class="page-head"><div><h1><a href="#/zones" class="quiet-link">Zones</a> <span class="dim">/</span> <span class="mono">${zone}</span></h1>
            <p class="lede">${items ? html`<b>${count(items.length, "name")}</b>` : "…"}${about ? html`, serial ${about.serial ?? "–"}, ${managed ? "managed here" : html`from <span class="mono">${about.file}</span>: read only`}` : ""}</p></div>
            <div class="tools"><input type="search" aria-label="Filter records" placeholder="Filter: name, type, data" value=${q} onInput=${(event) => refine({ q: event.target.value })} />
            ${managed && html`<button onClick=${() => edit({ name: "", records: [{ type: "A", ttl: 300, value: "192.0.2.1" }], fresh: true })}>New name</button>`}</div></div>
        ${failed && html`<p class="problem">${failed.message}</p>`}
        ${items && html`<${Table} label=${`Records of ${zone}`} columns=${columns} rows=${rows} id=${(row) => row.id} empty="No record is like that." />`}
        ${edited && html`<${Editor} zone=${zone} row=${edited} onClose=${() => edit(null)} onDone=${() => { edit(null); setTurn((one) => one + 1); }} />`}
    </div>`;
}

/** A record's data in one line. */
function data(record) {
    if (record.pool) return record.pool;
    const values = record.values ?? (record.value === undefined ? [] : [record.value]);
    return values.map((value) => (typeof value === "object" && value !== null ? Object.values(value).map((part) => (typeof part === "object" ? JSON.stringify(part) : String(part))).join(" ") : String(value))).join(", ");
}

/** What a change does, in a few words. */
function told({ before = [], records = [] }) {
    return before.length ? `${count(before.length, "record")} ${before.length === 1 ? "becomes" : "become"} ${records.length}` : `${count(records.length, "record")} would be new`;
}

function Editor({ zone, row, onClose, onDone }) {
    const [name, setName] = useState(row.name || (row.fresh ? "" : "@"));
    const [text, setText] = useState(JSON.stringify(row.records, null, 2));
    const [judged, judge] = useState({ busy: true });
    const [failed, setFailed] = useState(null);
    const [sending, setSending] = useState(false); // what is sent makes the version known here an old one: nothing is tried beside it
    const path = at`/zones/${zone}/records/${name || "@"}`;
    const tag = row.version ? `"${row.version}"` : "";
    let records = null;
    try {
        records = JSON.parse(text);
    } catch { /* shown below */ }

    useEffect(() => {
        if (sending) return undefined;
        if (!records || !name) return judge({ broken: true });
        const stop = new AbortController();
        judge((old) => ({ ...old, busy: true }));
        const timer = setTimeout(() => ask("PUT", `${path}?dry_run=true`, { records }, { signal: stop.signal, tag: row.fresh ? "" : tag })
            .then((answer) => judge({ answer })).catch((error) => stop.signal.aborted || judge({ error })), 250);
        return () => {
            clearTimeout(timer);
            stop.abort();
        };
    }, [text, name, sending]);

    const send = async (method) => {
        setSending(true);
        try {
            await ask(method, path, method === "PUT" ? { records } : undefined, { tag: row.fresh ? "" : tag });
            toast(method === "PUT" ? `${name} of ${zone} is changed.` : `${name} of ${zone} is gone.`);
            onDone();
        } catch (error) {
            setFailed(error);
            setSending(false);
        }
    };
    const problems = failed?.problems?.length ? failed.problems : judged.error?.problems ?? judged.answer?.problems ?? [];
    return html`<${Dialog} label=${row.fresh ? `New name in ${zone}` : `Edit ${name} of ${zone}`} onClose=${onClose}>
        <form onSubmit=${(event) => { event.preventDefault(); send("PUT"); }} noValidate>
            <h1>${row.fresh ? html`New name in <span class="mono">${zone}</span>` : html`<span class="mono">${name}</span> <span class="quiet">of ${zone}</span>`}</h1>
            ${row.fresh && html`<label>Name, relative to the zone<input data-first class="mono" value=${name} autocomplete="off" spellcheck="false" placeholder="www" onInput=${(event) => setName(event.target.value.trim())} /></label>`}
            <label>Records, as in zone files (JSON)<textarea rows="11" spellcheck="false" value=${text} data-first=${row.fresh ? null : true} onInput=${(event) => setText(event.target.value)}></textarea></label>
            <div class="effect" aria-live="polite"><h2>What it would do</h2>
                ${!records && html`<p class="problem">This is no JSON yet.</p>`}
                ${records && judged.error && html`<p class="problem">${judged.error.message}</p>`}
                ${problems.map((one) => html`<p class="problem"><b>${one.code}</b> ${one.where}: ${one.message}${one.hint ? html`<br /><span class="quiet">${one.hint}</span>` : ""}</p>`)}
                ${records && judged.answer && html`<p>${told(judged.answer)}; the whole zone was judged with it.</p>`}
                ${records && judged.busy && html`<p class="quiet">Asking…</p>`}
            </div>
            ${failed && html`<p class="problem" role="alert">${failed.message}</p>`}
            <div class="buttons">${!row.fresh && html`<button type="button" class="left" disabled=${sending} onClick=${() => send("DELETE")}>Delete the name</button>`}<button type="button" onClick=${onClose}>Cancel</button><button class="primary" disabled=${!records || !name || !judged.answer || sending}>Apply</button></div>
        </form>
    </${Dialog}>`;
}
