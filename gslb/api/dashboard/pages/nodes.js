// The fleet: every nameserver, from what it serves; and of this one its processes, its store and its sockets.
import { html } from "../parts/html.js";
import { age, count, rate, span, stamp } from "../parts/format.js";
import { State } from "../parts/marks.js";
import { useAsk, useLive, useTick } from "../parts/use.js";

export default function Nodes() {
    const status = useLive((state) => state.status);
    const { data } = useAsk("/nodes", { every: 3000 });
    useTick(2000);
    const nodes = data?.items ?? status.nodes ?? [];
    const differ = nodes.filter((one) => one.same === false).length;
    return html`<div>
        <div class="page-head"><div><h1>Nodes</h1><p class="lede"><b>${count(nodes.length, "nameserver")}</b>${differ ? html`, <b>${differ}</b> from other inputs than this one` : ", all from the same inputs"}</p></div></div>
        <div class="wide-table ages"><table aria-label="Nameservers"><thead><tr><th scope="col">Node</th><th scope="col">State</th><th scope="col" class="number">Heard</th><th scope="col" class="number">q/s</th><th scope="col">Inputs</th><th scope="col">Version</th><th scope="col">Engine</th><th scope="col">gslb</th><th scope="col">Notes</th></tr></thead>
            <tbody>${nodes.map((one) => html`<tr key=${one.node} data-node=${one.node}><td><b class="mono">${one.node}</b>${one.node === status.node ? html` <span class="tag">this one</span>` : ""}${one.role && one.role !== "node" ? html` <span class="tag">${one.role}</span>` : ""}</td><td><${State} ...${standing(one)} /></td><td class="number">${span(one.age)}</td><td class="number">${rate(one.traffic?.qps)}</td>
                <td class="mono" title=${one.digest}>${(one.digest ?? "").slice(0, 8)} ${one.same === false && html`<span class="tag" data-tone="warn">${one.same_files === false ? "other files" : "other state"}</span>`}</td><td>${one.config ? html`v${one.config}` : html`<span class="dim">files</span>`}</td><td>${one.engine ?? (one.node === status.node ? status.planes?.[0]?.engine : "") ?? ""}</td><td>${one.version}</td><td class="why">${one.refused || one.ready || ""}</td></tr>`)}</tbody></table></div>
        <div class="halves section">
            <section><div class="section-head"><h2>This node</h2></div><dl class="facts-list padded">
                <dt>Name</dt><dd class="mono">${status.node}</dd>
                <dt>Running</dt><dd title=${stamp(status.began)}>for ${age(status.began)}, process ${status.pid}, gslb ${status.version}</dd>
                <dt>Listening</dt><dd class="mono">${(status.listening ?? []).join(", ") || "nowhere yet"}</dd>
                <dt>Generation</dt><dd>${status.generation}</dd>
                <dt>Files</dt><dd>${status.files === "present" ? "as they are" : html`<span class="tag" data-tone="down">${status.files}</span>`}</dd>
                <dt>Configuration</dt><dd>${status.config?.version ? `version ${status.config.version}${status.config.newest && status.config.newest !== status.config.version ? ` (newest: ${status.config.newest})` : ""}` : "from its own files"}${status.config?.refused ? html`<p class="problem">${status.config.refused}</p>` : ""}</dd>
                <dt>Geo data</dt><dd>${geo(status.geo)}</dd>
            </dl></section>
            <section><div class="section-head"><h2>Store</h2></div><dl class="facts-list padded">${Object.entries(status.store ?? {}).filter(([, value]) => !blank(value)).map(([key, value]) => html`<dt>${key.replaceAll("_", " ")}</dt><dd class=${typeof value === "string" ? "" : "mono"}>${plain(key, value)}</dd>`)}</dl></section>
            <section><div class="section-head"><h2>Answering processes</h2></div><div class="wide-table"><table aria-label="Answering processes"><thead><tr>${planeKeys(status.planes).map((key) => html`<th scope="col">${key.replaceAll("_", " ")}</th>`)}</tr></thead><tbody>${(status.planes ?? []).map((plane, number) => html`<tr key=${number}>${planeKeys(status.planes).map((key) => html`<td>${plain(key, plane[key])}</td>`)}</tr>`)}</tbody></table></div></section>
        </div>
    </div>`;
}

function standing(one) {
    if (one.age > 15) return { state: "down", text: "gone" };
    if (one.refused || one.reload_ok === false) return { state: "degraded", text: "refuses" };
    if (one.ready) return { state: "unknown", text: "not ready" };
    return one.same === false ? { state: "weighted", text: "differs" } : { state: "up", text: "serving" };
}

function geo(data) {
    if (!data || !data.built) return "none";
    const built = typeof data.built === "number" ? stamp(data.built).slice(0, 10) : data.built;
    return html`of ${built}${data.stale === true || data.stale?.length ? html` <span class="tag" data-tone="warn">old</span>` : ""}`;
}

const planeKeys = (planes) => [...new Set((planes ?? []).flatMap(Object.keys))].filter((key) => !(planes ?? []).every((plane) => typeof plane[key] === "object" && plane[key] !== null)).slice(0, 8);

const blank = (value) => value == null || value === "" || (typeof value === "object" && !Object.keys(value).length);

function plain(key, value) {
    if (value == null || value === "") return "–";
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value === "number") return /age|since|seconds/.test(key) && value < 1e8 ? span(value) : value > 1e9 ? stamp(value) : value;
    return typeof value === "object" ? JSON.stringify(value) : String(value);
}
