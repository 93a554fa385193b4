// Who did what: every word that was said and every version that was published, with its signature's name. It cannot be changed here.
import { html, useEffect, useMemo, useState } from "../parts/html.js";
import { get, query } from "../parts/api.js";
import { count } from "../parts/format.js";
import { Happenings } from "../parts/happenings.js";
import { refine, useLive } from "../parts/use.js";

export default function Audit({ here }) {
    const { q = "" } = here.query;
    const said = useLive((state) => state.overrides);
    const version = useLive((state) => state.status?.config?.version);
    const [items, setItems] = useState(null);
    const [end, setEnd] = useState(false);
    const [failed, setFailed] = useState(null);
    useEffect(() => {
        get("/audit?limit=100").then((page) => { setItems(page.items); setEnd(page.items.length < 100); }).catch(setFailed);
    }, [said, version]);
    const shown = useMemo(() => {
        const words = q.toLowerCase().split(/\s+/).filter(Boolean);
        return (items ?? []).filter((one) => words.every((word) => `${one.by} ${one.what}`.toLowerCase().includes(word)))
            .map((one) => ({ id: one.id, at: one.at, kind: kind(one), subject: one.by || "nobody", what: one.what, level: "info", by: "", node: one.version ? `version ${one.version}` : "", evidence: one.details }));
    }, [items, q]);
    const more = async () => {
        const page = await get(`/audit${query({ before: items.at(-1)?.id, limit: 100 })}`);
        setItems([...items, ...page.items]);
        setEnd(page.items.length < 100);
    };
    return html`<div>
        <div class="page-head"><div><h1>Audit</h1><p class="lede">Who said and published what. ${items ? html`<b>${count(shown.length, "entry", "entries")}</b>` : ""}</p></div>
            <div class="tools"><input type="search" aria-label="Filter the audit" placeholder="Filter: who, what" value=${q} onInput=${(event) => refine({ q: event.target.value })} /></div></div>
        ${failed && html`<p class="problem">${failed.message}</p>`}
        ${items && html`<${Happenings} items=${shown} empty="Nobody said anything yet." />`}
        ${items?.length > 0 && !end && html`<p style=${{ padding: "12px 0" }}><button onClick=${more}>Older</button></p>`}
    </div>`;
}

const kind = (one) => String(one.details?.kind ?? one.details?.verb ?? (one.version ? "publish" : "word"));
