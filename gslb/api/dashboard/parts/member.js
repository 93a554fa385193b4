// One member in full, at the side: its addresses, what each check and each prober says, what operators said, and what one can say now.
import { html } from "./html.js";
import { at } from "./api.js";
import { Dialog } from "./dialog.js";
import { age, span, stamp } from "./format.js";
import { now } from "./live.js";
import { standing, State } from "./marks.js";
import { useAsk } from "./use.js";

export function MemberSheet({ row, act, onClose }) {
    const { data, error } = useAsk(at`/pools/${row.pool}/members/${row.member}`, { every: 3000 });
    const member = data ? { ...row, ...data, pool: row.pool } : row;
    const subject = { level: "member", pool: row.pool, member: row.member };
    const own = member.override?.level === "member" ? member.override.kind : null;
    const say = (kind) => () => act({ kind, subject, weight: member.weight });
    return html`<${Dialog} label=${`Member ${row.id}`} kind="sheet" onClose=${onClose}>
        <div class="dialog-body">
            <div class="spread"><h1 class="mono">${row.id}</h1><button class="plain" data-first onClick=${onClose} aria-label="Close">✕</button></div>
            <dl class="facts-list">
                <dt>State</dt><dd><${State} ...${standing(member)} />${member.forced && html` <span class="quiet">(checks say ${member.state})</span>`}</dd>
                ${member.override && html`<dt>Word</dt><dd><b>${member.override.kind}</b>${member.override.level !== "member" && ` of ${member.override.level} ${member.override.subject ?? ""}`} by ${member.override.author || "somebody"}: ${member.override.reason}${member.override.expires ? html`; <span title=${stamp(member.override.expires)}>${span(Math.round(member.override.expires - now()))} more</span>` : "; until it is taken back"}</dd>`}
                ${member.site && html`<dt>Site</dt><dd>${member.site}</dd>`}
                <dt>Weight</dt><dd>${member.weight ?? 1}</dd>
            </dl>
            <div class="row" role="group" aria-label="Say of this member">
                ${own && html`<button class="primary" onClick=${() => act({ kind: own, subject, back: true })}>Take back ${own}</button>`}
                ${own !== "drain" && html`<button onClick=${say("drain")}>Drain</button>`}
                <button onClick=${say("weight")}>Weight</button>
                ${own !== "down" && html`<button onClick=${say("down")}>Force down</button>`}
                ${own !== "up" && html`<button onClick=${say("up")}>Force up</button>`}
            </div>
            ${error && html`<p class="problem">${error.message}</p>`}
            ${member.addresses.map((address) => html`<section key=${address.address} class="address">
                <div class="section-head"><h3 class="mono">${address.address}</h3><${State} state=${address.state} /></div>
                ${!address.checks.length && html`<p class="nothing">Not checked: always up.</p>`}
                ${address.checks.map((check) => html`<div key=${check.check} class="check">
                    <p class="spread"><span><b>${check.check}</b> ${check.probed !== address.address && html`<small>probed at <span class="mono">${check.probed}</span></small>`}</span><small title=${stamp(check.since)}>${check.since ? age(check.since) : ""}</small></p>
                    <p><${State} state=${check.state} />${check.held && html` <span class="tag" data-tone="warn">held</span>`} <span class="quiet">${check.reason}</span></p>
                    <${Votes} votes=${check.votes ?? []} quorum=${check.quorum} />
                </div>`)}
            </section>`)}
        </div>
    </${Dialog}>`;
}

function Votes({ votes, quorum }) {
    if (!votes.length) return null;
    return html`<table aria-label="Votes" class="votes"><thead><tr><th scope="col">Prober</th><th scope="col">Says</th><th scope="col" class="number">For</th><th scope="col">Why</th></tr></thead><tbody>
        ${votes.map((vote) => html`<tr key=${vote.prober} data-counted=${vote.counted ? "true" : "false"}><td>${vote.prober}${vote.place && vote.place !== vote.prober ? html` <small>${vote.place}</small>` : ""}</td><td><${State} state=${vote.state} />${!vote.counted && html` <span class="tag" title="stale, suspect, or no opinion">not counted</span>`}</td><td class="number">${age(vote.since)}</td><td class="why">${vote.reason}</td></tr>`)}
    </tbody></table>${quorum && html`<small>quorum for down: ${quorum}</small>`}`;
}
