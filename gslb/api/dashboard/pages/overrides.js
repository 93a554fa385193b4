// What operators say against checks: every word that stands, who said it, and how to take it back; and the hold of all verdicts.
import { html, useState } from "../parts/html.js";
import { ask } from "../parts/api.js";
import { Dialog, toast } from "../parts/dialog.js";
import { age, count, span, stamp } from "../parts/format.js";
import { live, now } from "../parts/live.js";
import { State } from "../parts/marks.js";
import { useLive, useTick } from "../parts/use.js";

const SHOWN = { drain: "drained", down: "down", up: "up", weight: "weighted" };

export default function Overrides({ act }) {
    const said = useLive((state) => state.overrides);
    const hold = useLive((state) => state.hold);
    const [holding, setHolding] = useState(false);
    useTick(1000);
    return html`<div>
        <div class="page-head"><div><h1>Overrides</h1><p class="lede">${said.length ? html`<b>${count(said.length, "word")}</b> ${said.length === 1 ? "stands" : "stand"} against what checks say` : "Nobody says anything against what checks say."}</p></div>
            <div class="tools"><button onClick=${() => setHolding(true)}>${hold ? "Release the hold" : "Hold all verdicts"}</button></div></div>
        ${hold && html`<p class="note"><b>All verdicts are held</b> by ${hold.author || "somebody"} since ${stamp(hold.since)}: ${hold.reason}${hold.expires ? `; ${span(Math.round(hold.expires - now()))} more` : ""}</p>`}
        <div class="wide-table ages"><table aria-label="Overrides"><thead><tr><th scope="col">Of</th><th scope="col">Word</th><th scope="col">Reason</th><th scope="col">By</th><th scope="col" class="number">For</th><th scope="col" class="number">Ends in</th><th scope="col">Drained</th><th scope="col"><span class="hidden">Actions</span></th></tr></thead>
            <tbody>${said.map((one) => html`<tr key=${one.level + one.subject + one.kind} data-subject=${one.subject}><td><span class="quiet">${one.level}</span> <b class="mono">${one.subject}</b></td><td><${State} state=${SHOWN[one.kind]} text=${one.kind === "weight" ? `weight ${one.weight}` : one.kind} /></td><td class="why">${one.reason}</td><td>${one.author}</td><td class="number" title=${stamp(one.since)}>${age(one.since)}</td><td class="number">${one.expires ? span(Math.round(one.expires - now())) : html`<span class="quiet">open</span>`}</td><td>${drained(one)}</td><td class="act"><button aria-label=${`Take back ${one.kind} of ${one.subject}`} onClick=${() => act({ kind: one.kind, back: true, subject: subjectOf(one) })}>Take back</button></td></tr>`)}
            ${!said.length && html`<tr><td colspan="8" class="nothing">Drain or weigh a member at <a href="#/pools">Pools</a>, a site at <a href="#/map">World</a>.</td></tr>`}</tbody></table></div>
        ${holding && html`<${HoldDialog} hold=${hold} onClose=${() => setHolding(false)} />`}
    </div>`;
}

/** Whether the last answer that was given before the drain has left the caches. */
function drained(one) {
    if (one.drained_at == null) return "";
    return one.drained || one.drained_at <= now() ? html`<span class="tag" data-tone="up">yes</span>` : html`<span class="quiet">in ${span(Math.ceil(one.drained_at - now()))}</span>`;
}

export function subjectOf(one) {
    if (one.level === "site") return { level: "site", site: one.subject };
    if (one.level === "pool") return { level: "pool", pool: one.subject };
    const slash = one.subject.indexOf("/");
    return { level: "member", pool: one.subject.slice(0, slash), member: one.subject.slice(slash + 1) };
}

function HoldDialog({ hold, onClose }) {
    const [reason, setReason] = useState("");
    const [lasts, setLasts] = useState("3600");
    const [failed, setFailed] = useState(null);
    const submit = async (event) => {
        event.preventDefault();
        try {
            if (hold) await ask("DELETE", "/hold");
            else await ask("PUT", "/hold", { reason, for: lasts ? Number(lasts) : null });
            toast(hold ? "Verdicts follow the probers again." : "All verdicts are held.");
            onClose();
            live.refresh().catch(() => {});
        } catch (error) {
            setFailed(error);
        }
    };
    return html`<${Dialog} label=${hold ? "Release the hold" : "Hold all verdicts"} onClose=${onClose}><form onSubmit=${submit} noValidate>
        <h1>${hold ? "Release the hold" : "Hold all verdicts"}</h1>
        <p class="quiet">${hold ? "Verdicts follow what probers say again, at once." : "Whatever probers say from now on, no verdict changes. Overrides still work."}</p>
        ${!hold && html`<div class="fields"><label class="whole">Reason<input data-first value=${reason} maxlength="400" required autocomplete="off" onInput=${(event) => setReason(event.target.value)} /></label>
            <label>For<select value=${lasts} onChange=${(event) => setLasts(event.target.value)}><option value="900">15 minutes</option><option value="3600">1 hour</option><option value="14400">4 hours</option><option value="">until it is released</option></select></label></div>`}
        ${failed && html`<p class="problem" role="alert">${failed.message}</p>`}
        <div class="buttons"><button type="button" onClick=${onClose}>Cancel</button><button class="primary" disabled=${!hold && !reason.trim()}>${hold ? "Release" : "Hold"}</button></div>
    </form></${Dialog}>`;
}
