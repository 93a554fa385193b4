// Published versions of the operator's files: which one runs where, what differs between two, and the way back.
import { html, useEffect, useState } from "../parts/html.js";
import { ask, at } from "../parts/api.js";
import { Dialog, toast } from "../parts/dialog.js";
import { age, count, percent, size, stamp } from "../parts/format.js";
import { live } from "../parts/live.js";
import { refine, useAsk, useLive, useTick } from "../parts/use.js";

export default function Config({ here }) {
    const { from = "", to = "" } = here.query;
    const status = useLive((state) => state.status);
    const { data, error, again } = useAsk("/config/versions?limit=200", { every: 5000 });
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
        ${data && !versions.length && html`<p class="nothing">Nothing was published yet. <code>gslb publish DIR</code> puts a version of the files into the store for all nodes that follow.</p>`}
        ${versions.length > 0 && html`<div class="wide-table ages"><table aria-label="Published versions"><thead><tr><th scope="col">Version</th><th scope="col">Message</th><th scope="col">Author</th><th scope="col">When</th><th scope="col" class="number">Size</th><th scope="col">Runs on</th><th scope="col">Signed by</th><th scope="col"><span class="hidden">Actions</span></th></tr></thead>
            <tbody>${versions.map((one, number) => html`<tr key=${one.version} data-version=${one.version} aria-selected=${String(one.version) === from ? "true" : null}><td><b>${one.version}</b></td><td class="why">${one.message || html`<span class="dim">no message</span>`}${one.based_on ? html` <span class="tag">brings back ${one.based_on}</span>` : ""}</td><td>${one.author}</td><td title=${stamp(one.at)}>${age(one.at)} ago</td><td class="number">${size(one.size)}</td><td>${runs(one.version).length ? html`<span class="tag" data-tone="up" title=${runs(one.version).join(", ")}>${runs(one.version).length > 3 ? count(runs(one.version).length, "node") : runs(one.version).join(", ")}</span>` : ""}</td><td class="mono">${one.signed_by}</td>
                <td class="act">${number < versions.length - 1 && html`<button class="plain" aria-label=${`What version ${one.version} changed`} onClick=${() => refine({ from: versions[number + 1].version, to: one.version })}>Diff</button>`}${number > 0 && html`<button aria-label=${`Roll back to version ${one.version}`} onClick=${() => setBack(one)}>Roll back</button>`}</td></tr>`)}</tbody></table></div>`}
        ${from && to && html`<${Difference} from=${from} to=${to} />`}
        ${back && html`<${Rollback} version=${back} newest=${newest} onClose=${() => setBack(null)} onDone=${() => { setBack(null); again(); }} />`}
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
        ${data && html`<${Answers} data=${data} /><${Files} files=${filesOf(data)} />`}</section>`;
}

/** What changes in answers, in a few figures and lists. */
function Answers({ data }) {
    const told = data.answers ?? data;
    const names = told.names && typeof told.names === "object" ? told.names : {};
    const lists = ["added", "removed", "changed"].map((kind) => [kind, listOf(names[kind] ?? told[kind])]).filter(([, list]) => list.length);
    return html`${(told.summary ?? data.summary) && html`<p class="summary" style=${{ margin: "12px 0 6px" }}>${told.summary ?? data.summary}</p>`}
        ${lists.length > 0 && html`<div class="halves" style=${{ marginTop: "8px" }}>${lists.map(([kind, list]) => html`<div key=${kind}><h3>${count(list.length, "name")} ${kind}</h3><ul class="mono">${list.slice(0, 30).map((one) => html`<li class="clip">${typeof one === "string" ? one : one.name ?? JSON.stringify(one)}</li>`)}${list.length > 30 ? html`<li class="quiet">and ${list.length - 30} more</li>` : ""}</ul></div>`)}</div>`}
        ${Array.isArray(told.sites) && told.sites.length > 0 && html`<div class="wide-table"><table aria-label="Traffic by site"><thead><tr><th scope="col">Site</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th></tr></thead><tbody>${told.sites.map((one) => html`<tr key=${one.site}><td>${one.site}</td><td class="number">${percent((one.now ?? 0) / 100)}</td><td class="number"><b>${percent((one.then ?? 0) / 100)}</b></td></tr>`)}</tbody></table></div>`}`;
}

const listOf = (value) => (Array.isArray(value) ? value : []);

function filesOf(data) {
    const files = data.files ?? [];
    if (Array.isArray(files)) return files;
    return Object.entries(files).map(([file, value]) => (typeof value === "string" ? { file, diff: value } : { file, ...value }));
}

function Files({ files }) {
    if (!files.length) return html`<p class="nothing">No file differs.</p>`;
    return files.map((one) => html`<section key=${one.file ?? one.name} class="file-diff"><h3 class="mono">${one.file ?? one.name ?? one.path} ${(one.change ?? one.what) && html`<span class="tag">${one.change ?? one.what}</span>`}</h3><pre class="diff">${lines(one.diff ?? one.text ?? "").map((line, number) => html`<span key=${number} data-line=${{ "+": "new", "-": "old", "@": "place" }[line[0]] ?? null}>${line}${"\n"}</span>`)}</pre></section>`);
}

const lines = (diff) => (Array.isArray(diff) ? diff : String(diff).split("\n")).filter((line) => line && !/^(---|\+\+\+) /.test(line));

function Rollback({ version, newest, onClose, onDone }) {
    const [message, setMessage] = useState(`back to version ${version.version}`);
    const [failed, setFailed] = useState(null);
    const [busy, setBusy] = useState(false);
    const [tried, setTried] = useState({ busy: true });
    const { data: difference } = useAsk(`${at`/config/versions/${newest}/diff`}?to=${version.version}`);
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
            ${tried.answer && html`<p>It would be published as version <b>${tried.answer.version ?? newest + 1}</b>.</p>`}
            ${difference && html`<p>${count(filesOf(difference).length, "file")} ${filesOf(difference).length === 1 ? "differs" : "differ"} from what is newest now.${(difference.answers?.summary ?? difference.summary) ? ` ${difference.answers?.summary ?? difference.summary}` : ""}</p>`}</div>
        ${failed && html`<p class="problem" role="alert">${failed.message}</p>`}
        <div class="buttons"><button type="button" onClick=${onClose}>Cancel</button><button class="primary" disabled=${busy || tried.busy || tried.error}>Roll back</button></div>
    </form></${Dialog}>`;
}
