// Published versions of the operator's files: which one runs where, what differs between two, and the way back.
import { html, useEffect, useState } from "../parts/html.js";
import { ask, at } from "../parts/api.js";
import { Dialog, toast } from "../parts/dialog.js";
import { age, count, size, stamp } from "../parts/format.js";
import { live } from "../parts/live.js";
import { refine, useAsk, useLive, useTick } from "../parts/use.js";

export default function Config({ here }) {
    const { from = "", to = "" } = here.query;
    const status = useLive((state) => state.status);
    const shared = status.store?.shared !== false; // versions live in the store that nodes share
    const { data, error, again } = useAsk(shared ? "/config/versions?limit=200" : null, { every: 5000 });
    const { data: fleet } = useAsk("/nodes", { every: 5000 });
    const [back, setBack] = useState(null);
    const [reloading, setReloading] = useState(null);
    useTick(10_000);
    const versions = [...(data?.items ?? [])].sort((a, b) => b.version - a.version);
    const newest = versions[0]?.version;
    const runs = (version) => (fleet?.items ?? []).filter((one) => one.config === version).map((one) => one.node);
    const reload = async () => {
        setReloading({ busy: true });
        try {
            setReloading(await ask("POST", "/reload", {}));
            live.refresh().catch(() => {});
        } catch (problem) {
            setReloading({ error: problem });
        }
    };
    return html`<div>
        <div class="page-head"><div><h1>Versions</h1><p class="lede">${status.config?.version ? html`This node runs <b>version ${status.config.version}</b>${newest && newest !== status.config.version ? html`; the newest is <b>${newest}</b>` : ", the newest"}` : "This node runs from its own files."}</p></div>
            <div class="tools"><button onClick=${reload} disabled=${reloading?.busy}>Reload files</button></div></div>
        ${status.config?.refused && html`<p class="problem">Refused here: ${status.config.refused}</p>`}
        ${reloading && !reloading.busy && html`<${Reloaded} answer=${reloading} />`}
        ${error && html`<p class="problem">${error.message}</p>`}
        ${((data && !versions.length) || !shared) && html`<p class="nothing">Nothing was published yet. <code>gslb publish DIR</code> puts a version of the files into the store for all nodes that follow${shared ? "" : "; it takes a store that they share"}.</p>`}
        ${versions.length > 0 && html`<div class="wide-table ages"><table aria-label="Published versions"><thead><tr><th scope="col">Version</th><th scope="col">Message</th><th scope="col">Author</th><th scope="col">When</th><th scope="col" class="number">Size</th><th scope="col">Runs on</th><th scope="col">Signed by</th><th scope="col"><span class="hidden">Actions</span></th></tr></thead>
            <tbody>${versions.map((one, number) => html`<tr key=${one.version} data-version=${one.version} aria-selected=${String(one.version) === from ? "true" : null}><td><b>${one.version}</b></td><td class="why">${one.message || html`<span class="dim">no message</span>`}${one.based_on ? html` <span class="tag">brings back ${one.based_on}</span>` : ""}</td><td>${one.author}</td><td title=${stamp(one.at)}>${age(one.at)} ago</td><td class="number">${size(one.size)}</td><td>${runs(one.version).length ? html`<span class="tag" data-tone="up" title=${runs(one.version).join(", ")}>${runs(one.version).length > 3 ? count(runs(one.version).length, "node") : runs(one.version).join(", ")}</span>` : ""}</td><td class="mono">${one.signed_by}</td>
                <td class="act">${number < versions.length - 1 && html`<button class="plain" aria-label=${`What version ${one.version} changed`} onClick=${() => refine({ from: versions[number + 1].version, to: one.version })}>Diff</button>`}${number > 0 && html`<button aria-label=${`Roll back to version ${one.version}`} onClick=${() => setBack(one)}>Roll back</button>`}</td></tr>`)}</tbody></table></div>`}
        ${from && to && html`<${Difference} from=${from} to=${to} />`}
        ${back && html`<${Rollback} version=${back} onClose=${() => setBack(null)} onDone=${() => { setBack(null); again(); }} />`}
    </div>`;
}

function Reloaded({ answer }) {
    if (answer.error) return html`<p class="problem" role="alert">${answer.error.message}</p>`;
    return html`<div class=${answer.accepted ? "note" : "problem"} role="status"><b>${answer.accepted ? "Accepted." : "Refused: the old files are served on."}</b>${answer.text && html`<pre>${answer.text}</pre>`}</div>`;
}

function Difference({ from, to }) {
    const { data, error, busy } = useAsk(`${at`/config/versions/${from}/diff`}?to=${encodeURIComponent(to)}`);
    return html`<section class="section" aria-label=${`Version ${from} to ${to}`}><div class="section-head"><h2>Version ${from} → ${to}</h2><button class="plain" onClick=${() => refine({ from: "", to: "" })}>Close</button></div>
        ${error && html`<p class="problem">${error.message}</p>`}${busy && !data && html`<p class="nothing">Comparing…</p>`}
        ${data && html`<${Guards} guards=${data.guards} /><${Changes} changes=${data.changes ?? {}} /><${Files} files=${data.files ?? []} />`}</section>`;
}

/** What comes, goes and changes in meaning: names, pools, checks, sites, networks. */
function Changes({ changes }) {
    const kinds = ["zones", "names", "pools", "checks", "sites", "networks"].filter((kind) => changes[kind] && (size_(changes[kind].added) || size_(changes[kind].removed) || size_(changes[kind].changed)));
    if (!kinds.length) return html`<p class="quiet" style=${{ padding: "10px 0" }}>Nothing differs in meaning.</p>`;
    return html`<dl class="facts-list padded">${kinds.map((kind) => html`<dt>${kind}</dt><dd>${kind === "names" ? html`<${Names} names=${changes.names} />` : ["added", "removed", "changed"].filter((what) => size_(changes[kind][what])).map((what) => html`<p key=${what}><span class="tag" data-tone=${TONES[what]}>${what}</span> ${changes[kind][what].slice(0, 30).map((one) => (typeof one === "string" ? one : told(one))).join("; ")}</p>`)}</dd>`)}</dl>`;
}

const TONES = { added: "up", removed: "down", changed: "warn" };
const size_ = (value) => (Array.isArray(value) ? value.length : value || 0);

/** A thing that changed, in one line: web: ttl_max 60 → 30; members + sin. */
function told(one) {
    const fields = (one.fields ?? []).map((field) => `${field.field} ${plain(field.old)} → ${plain(field.new)}`);
    const members = one.members ? [...(one.members.added ?? []).map((name) => `+ ${name}`), ...(one.members.removed ?? []).map((name) => `− ${name}`), ...(one.members.changed ?? []).map(told)] : [];
    return `${one.id}: ${[...fields, ...(members.length ? [`members ${members.join(", ")}`] : [])].join(", ") || "changed"}`;
}

const plain = (value) => (value == null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));

function Names({ names }) {
    return html`<ul>${names.items.slice(0, 60).map((one) => html`<li key=${one.name}><span class="tag" data-tone=${TONES[one.what]}>${one.what}</span> <span class="mono">${one.name}</span> <span class="quiet">${nameChange(one)}</span></li>`)}${names.added + names.removed + names.changed > 60 ? html`<li class="quiet">and ${names.added + names.removed + names.changed - 60} more</li>` : ""}</ul>`;
}

function nameChange(one) {
    const set = (value) => (value ? `${value.data?.join(", ") ?? ""}${value.ttl == null ? "" : ` (${value.ttl} s)`}` : "nothing");
    const pool = one.pool ? [`pool ${one.pool.old?.pool ?? "none"} → ${one.pool.new?.pool ?? "none"}`] : [];
    return [...pool, ...(one.records ?? []).map((record) => `${record.type} ${set(record.old)} → ${set(record.new)}`)].join("; ");
}

function Guards({ guards }) {
    return (guards ?? []).map((one) => html`<p key=${one.code + one.text} class=${one.level === "refuse" ? "problem" : "note"}>${one.text}</p>`);
}

function Files({ files }) {
    if (!files.length) return html`<p class="nothing">No file differs.</p>`;
    return files.map((one) => html`<section key=${one.name} class="file-diff"><h3><span class="mono">${one.name}</span> <span class="tag" data-tone=${TONES[one.change]}>${one.change}</span></h3>
        ${one.lines.length > 0 && html`<pre class="diff" tabindex="0" aria-label=${`Difference of ${one.name}`}>${one.lines.filter((line) => !/^(---|\+\+\+) /.test(line)).map((line, number) => html`<span key=${number} data-line=${{ "+": "new", "-": "old", "@": "place" }[line[0]] ?? null}>${line || " "}</span>`)}</pre>`}
        ${one.cut && html`<p class="quiet">There is more than is shown.</p>`}</section>`);
}

function Rollback({ version, onClose, onDone }) {
    const [message, setMessage] = useState(`back to version ${version.version}`);
    const [failed, setFailed] = useState(null);
    const [busy, setBusy] = useState(false);
    const [tried, setTried] = useState({ busy: true });
    useEffect(() => {
        ask("POST", "/config/rollback?dry_run=true", { version: version.version, message }).then((answer) => setTried({ answer })).catch((error) => setTried({ error }));
    }, []);
    const submit = async (event) => {
        event.preventDefault();
        setBusy(true);
        try {
            const answer = await ask("POST", "/config/rollback", { version: version.version, message });
            toast(`Version ${answer.version ?? ""} brings back version ${version.version}.`);
            onDone();
        } catch (error) {
            setFailed(error);
            setBusy(false);
        }
    };
    return html`<${Dialog} label=${`Roll back to version ${version.version}`} onClose=${onClose}><form onSubmit=${submit} noValidate>
        <h1>Roll back to version ${version.version}</h1>
        <p class="quiet">“${version.message || "no message"}” by ${version.author}, ${age(version.at)} ago. A new version is published with its files; nodes that follow take it within seconds.</p>
        <label>Message<input data-first value=${message} maxlength="400" autocomplete="off" onInput=${(event) => setMessage(event.target.value)} /></label>
        <div class="effect" aria-live="polite"><h2>What it would do</h2>
            ${tried.busy && html`<p class="quiet">Asking…</p>`}${tried.error && html`<p class="problem">${tried.error.message}</p>`}
            ${tried.answer && html`${tried.answer.unchanged ? html`<p>Nothing: the newest version has the same files.</p>` : html`<p>It would be published as version <b>${tried.answer.version}</b>.</p><${Guards} guards=${tried.answer.guards} /><${Changes} changes=${tried.answer.changes ?? {}} />`}`}</div>
        ${failed && html`<p class="problem" role="alert">${failed.message}</p>`}
        <div class="buttons"><button type="button" onClick=${onClose}>Cancel</button><button class="primary" disabled=${busy || !tried.answer || tried.answer.unchanged}>Roll back</button></div>
    </form></${Dialog}>`;
}
