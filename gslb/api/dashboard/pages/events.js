// What happened: flips, drains, reloads, publishes; who, where, and with what evidence. Newest first, live; older ones on demand.
import { html, useEffect, useMemo, useState } from "../parts/html.js";
import { get, query } from "../parts/api.js";
import { Happenings } from "../parts/happenings.js";
import { count } from "../parts/format.js";
import { refine, useLive } from "../parts/use.js";

const KINDS = ["verdict", "pool", "member", "override", "hold", "reload", "publish", "rollback", "config", "prober", "node", "store", "plane", "registration", "notify"];

export default function Events({ here }) {
    const { kind = "", q = "" } = here.query;
    const fresh = useLive((state) => state.events);
    const [older, setOlder] = useState({ key: "", items: [], next: null });
    const kinds = kind.split(",").filter(Boolean);
    const key = kind;
    useEffect(() => {
        if (!kinds.length) return setOlder({ key, items: [], next: null });
        const stop = new AbortController();
        get(`/events${query({ kind: kinds, limit: 200 })}`, { signal: stop.signal }).then((page) => setOlder({ key, items: page.items, next: page.next })).catch(() => {});
        return () => stop.abort();
    }, [key]);
    const items = useMemo(() => {
        const seen = new Set();
        const words = q.toLowerCase().split(/\s+/).filter(Boolean);
        return [...fresh, ...(older.key === key ? older.items : [])]
            .filter((one) => !seen.has(one.id) && seen.add(one.id))
            .filter((one) => (!kinds.length || kinds.includes(one.kind)) && words.every((word) => `${one.kind} ${one.subject} ${one.what} ${one.by} ${one.node}`.toLowerCase().includes(word)))
            .sort((a, b) => b.at - a.at);
    }, [fresh, older, key, q]);
    const more = async () => {
        const page = await get(`/events${query({ kind: kinds, before: items.at(-1)?.id, limit: 200 })}`);
        setOlder((old) => ({ key, items: [...old.items, ...page.items], next: page.next, end: !page.items.length }));
    };
    const turn = (one) => refine({ kind: (kinds.includes(one) ? kinds.filter((other) => other !== one) : [...kinds, one]).join(",") });
    const there = useMemo(() => new Set([...fresh.map((one) => one.kind), ...kinds]), [fresh, key]);

    return html`<div>
        <div class="page-head"><div><h1>Events</h1><p class="lede"><b>${count(items.length, "event")}</b>${kinds.length || q ? " like that" : ""}; the newest first, as they come</p></div>
            <div class="tools"><input type="search" aria-label="Filter events" placeholder="Filter: subject, who, text" value=${q} onInput=${(event) => refine({ q: event.target.value })} /></div></div>
        <div class="chips" role="group" aria-label="Kinds">${KINDS.filter((one) => there.has(one)).map((one) => html`<button key=${one} type="button" aria-pressed=${kinds.includes(one) ? "true" : "false"} onClick=${() => turn(one)}>${one}</button>`)}${kinds.length > 0 && html`<button class="plain" onClick=${() => refine({ kind: "" })}>all</button>`}</div>
        <${Happenings} items=${items} empty="Nothing happened yet that is like that." />
        ${items.length > 0 && !older.end && html`<p style=${{ padding: "12px 0" }}><button onClick=${more}>Older</button></p>`}
    </div>`;
}
