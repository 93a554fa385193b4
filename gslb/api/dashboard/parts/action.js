// The confirmation of an operator's word: what, why, for how long, and before anything is done what it would do (a dry run, asked anew as one types).
import { html, useEffect, useState } from "./html.js";
import { ask, at, query } from "./api.js";
import { Dialog, toast } from "./dialog.js";
import { span, stamp } from "./format.js";
import { live, now } from "./live.js";
import { Shape } from "./marks.js";
import { useLive } from "./use.js";

const LASTS = [["", "until it is taken back"], ["900", "15 minutes"], ["3600", "1 hour"], ["7200", "2 hours"], ["14400", "4 hours"], ["28800", "8 hours"], ["86400", "1 day"], ["604800", "1 week"]];
const WORDS = {
    drain: { verb: "Drain", says: "No new answers name it. It is still probed, and clients that know it may still come until their answers expire." },
    down: { verb: "Force down", says: "It counts as down, whatever checks say." },
    up: { verb: "Force up", says: "It counts as up, whatever checks say. A drain or a forced down still wins." },
    weight: { verb: "Change the weight of", says: "Its share of answers changes at once. 0: only when no other has a weight." },
};

/** Where a subject's word of one kind lives: {level: "site"|"pool"|"member", site, pool, member}. */
export function pathOf(subject, kind) {
    if (subject.level === "site") return at`/sites/${subject.site}/${kind}`;
    if (subject.level === "pool") return at`/pools/${subject.pool}/${kind}`;
    return at`/pools/${subject.pool}/members/${subject.member}/${kind}`;
}

export const nameOf = (subject) => (subject.level === "site" ? `site ${subject.site}` : subject.level === "pool" ? `pool ${subject.pool}` : `${subject.pool}/${subject.member}`);

/** `want`: {subject, kind, back: take back what was said}. */
export function ActionDialog({ want, onClose }) {
    const { subject, kind, back } = want;
    const word = WORDS[kind];
    const [reason, setReason] = useState("");
    const [lasts, setLasts] = useState(kind === "drain" || kind === "weight" ? "7200" : "3600");
    const [weight, setWeight] = useState(String(want.weight ?? 1));
    const [force, setForce] = useState(false);
    const [effect, setEffect] = useState({ busy: true });
    const [busy, setBusy] = useState(false);
    const [failed, setFailed] = useState(null);

    const who = useLive((state) => state.who); // a token that is given meanwhile may do it
    const path = pathOf(subject, kind);
    const body = () => (back ? undefined : { reason: reason.trim() || "dry run", for: lasts ? Number(lasts) : null, ...(kind === "weight" ? { weight: Number(weight) } : {}), ...(force ? { force: true } : {}) });
    const method = back ? "DELETE" : "PUT";
    const valid = back || (reason.trim() && (kind !== "weight" || /^\d{1,7}$/.test(weight)));

    useEffect(() => {
        const stop = new AbortController();
        const timer = setTimeout(() => {
            ask(method, path + query({ dry_run: "true" }), body(), { signal: stop.signal })
                .then((data) => setEffect({ data }))
                .catch((error) => stop.signal.aborted || setEffect({ error }));
        }, 120);
        return () => {
            clearTimeout(timer);
            stop.abort();
        };
    }, [lasts, weight, force, who]);

    const submit = async (event) => {
        event.preventDefault();
        if (!valid || busy) return;
        setBusy(true);
        try {
            await ask(method, path + (back ? query({ reason: reason.trim() }) : ""), body());
            toast(back ? `Taken back: ${kind} of ${nameOf(subject)}.` : `Done: ${kind} of ${nameOf(subject)}.`);
            onClose();
            live.refresh().catch(() => {});
        } catch (error) {
            setFailed(error);
            setBusy(false);
        }
    };
    const title = back ? `Take back: ${kind} of ${nameOf(subject)}` : `${word.verb} ${nameOf(subject)}`;
    const refused = effect.error?.status === 409 && !back; // by a guard, which may be forced; what is not allowed may not
    return html`<${Dialog} label=${title} onClose=${onClose}>
        <form onSubmit=${submit} noValidate>
            <h1>${title}</h1>
            ${!back && html`<p class="quiet">${word.says}</p>`}
            <div class="fields">
                <label class="whole">Reason${back ? " (optional)" : ""}
                    <input data-first value=${reason} maxlength="400" required=${!back} autocomplete="off" placeholder=${back ? "" : "For those who find it later: new switches"} onInput=${(event) => setReason(event.target.value)} />
                </label>
                ${!back && html`<label>For<select value=${lasts} onChange=${(event) => setLasts(event.target.value)}>${LASTS.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select></label>`}
                ${!back && kind === "weight" && html`<label>Weight<input type="number" min="0" max="1000000" value=${weight} onInput=${(event) => setWeight(event.target.value)} /></label>`}
            </div>
            <div class="effect" aria-live="polite" data-ready=${effect.busy ? null : "true"}><h2>What it would do</h2><${Effect} effect=${effect} /></div>
            ${(refused || force) && html`<label class="inline"><input type="checkbox" checked=${force} onChange=${(event) => setForce(event.target.checked)} /> Do it all the same (force)</label>`}
            ${failed && html`<p class="problem" role="alert">${failed.message}</p>`}
            <div class="buttons">
                <button type="button" onClick=${onClose}>Cancel</button>
                <button type="submit" class=${kind === "down" && !back ? "danger" : "primary"} disabled=${!valid || busy || effect.busy || (effect.error && !(refused && force))}>${back ? "Take back" : kind === "weight" ? "Set weight" : word.verb}</button>
            </div>
        </form>
    </${Dialog}>`;
}

function Effect({ effect }) {
    if (effect.busy) return html`<p class="quiet">Asking…</p>`;
    if (effect.error) return html`<p class="problem">${effect.error.message.replaceAll(/\s*--force does it all the same|; "force": true does it all the same/g, "")}</p>`;
    const { pools = [], overrides = [], overruled = [], taken_back: taken = [] } = effect.data;
    return html`<ul>
        ${pools.map((pool) => html`<li key=${pool.pool}><${Shape} state=${pool.left.length ? "up" : "error"} /><span>pool <b>${pool.pool}</b>: ${
            pool.left.length ? html`answers from ${pool.left.join(", ")}` : html`<b>nobody is left</b>; what it does when all are down decides`}${out(pool.out)}</span></li>`)}
        ${overrides.filter((one) => one.drained_at).map((one) => html`<li key=${one.subject}><${Shape} state="info" /><span>the last answer that names it leaves caches in ${span(one.drained_at - now())}</span></li>`)}
        ${overrides.filter((one) => one.expires).map((one) => html`<li key=${`x${one.subject}`}><${Shape} state="info" /><span>ends by itself at ${stamp(one.expires)}</span></li>`)}
        ${overruled.map((one) => html`<li key=${one.member}><${Shape} state="weighted" /><span>${one.member}: a stronger word stands against it (${one.by?.kind} by ${one.by?.author || "somebody"})</span></li>`)}
        ${taken.map((key) => html`<li key=${key}><${Shape} state="info" /><span>no longer stands: ${key}</span></li>`)}
        ${!pools.length && !taken.length && !overruled.length && html`<li><${Shape} state="info" /><span>No pool is reached by it.</span></li>`}
    </ul>`;
}

/** Members that stay out: names, or whatever the desk says of them. */
function out(left) {
    const names = (Array.isArray(left) ? left : []).map((one) => (typeof one === "string" ? one : one.member ?? "")).filter(Boolean);
    return names.length ? html`<span class="quiet"> (out: ${names.slice(0, 8).join(", ")}${names.length > 8 ? ` and ${names.length - 8} more` : ""})</span>` : typeof left === "number" && left ? html`<span class="quiet"> (${left} out)</span>` : null;
}
