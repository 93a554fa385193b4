// An explanation as a page: the answer first, then the way to it, step by step. The data is that of `gslb explain --json`.
import { html } from "./html.js";
import { span } from "./format.js";
import { State } from "./marks.js";

const FOUND = { exact: "there exactly", wildcard: "by wildcard", delegation: "delegated at", DNAME: "by DNAME at", nothing: "does not exist" };
const SET_BY = { maximum: "the pool's maximum: nothing is about to change", minimum: "the pool's minimum: a state may change sooner", counters: "checks: a state may change then", clock: "the clock: the answer changes then", name: "the name's own bound", negative: "the zone, for negative answers" };

export function Trace({ data }) {
    const decided = data.decision ? [data] : data.hints ?? [];
    return html`<article class="trace" aria-label="Explanation">
        <header class="verdict"><p class="summary">${data.summary}</p><p class="quiet">because ${data.because}</p>
            ${(data.warnings ?? []).map((text) => html`<p class="note">${typeof text === "string" ? text : text.text ?? JSON.stringify(text)}</p>`)}
            <${Asked} data=${data} /></header>
        <ol class="steps">
            <${Step} title="Name"><${Name} name=${data.name} /></${Step}>
            <${Step} title="Client"><${Client} data=${data} /></${Step}>
            ${decided.map((one) => html`<${Decision} pool=${one.decision} note=${one === data ? "" : `hints: ${one.type}`} />`)}
            ${(data.decision ? [data] : data.hints?.length ? data.hints : [data]).map((one) => html`<${Step} title=${one.type ? `Answer ${one.type}` : "Answer"}><${Answer} data=${one} records=${data.name.records} /></${Step}>`)}
            ${data.country && html`<${Step} title="Country"><${Country} country=${data.country} /></${Step}>`}
        </ol>
    </article>`;
}

function Step({ title, children, depth = 0 }) {
    return html`<li class="step" style=${depth ? { marginLeft: `${depth * 18}px` } : null}><h2>${title}</h2><div>${children}</div></li>`;
}

function Asked({ data }) {
    const { question, assumed } = data;
    return html`<p class="asked quiet"><span class="mono">${question.name} ${question.type}</span> at ${data.time.replace("T", " ").replace("+00:00", " UTC")}, node ${data.node}${data.generation != null ? `, generation ${data.generation}` : ""}${assumed.down.length ? html`; <b>assumed down: ${assumed.down.join(", ")}</b>` : ""}${assumed.at ? html`; <b>assumed time ${assumed.at}</b>` : ""}</p>`;
}

function Name({ name }) {
    if (!name.zone) return html`<p>In no zone of this node: <b>REFUSED</b>.</p>`;
    return html`${name.steps.map((step) => html`<p key=${step.name}><span class="mono">${step.name}</span> in zone <span class="mono">${name.zone}</span>: ${FOUND[step.how] ?? step.how}${step.by ? html` <span class="mono">${step.by}</span>` : ""}${step.alias ? html`, alias of <span class="mono">${step.alias}</span>` : ""}</p>`)}
        ${name.pool && html`<p>It is answered by pool <a href=${`#/pools/${encodeURIComponent(name.pool)}`}><b>${name.pool}</b></a>.</p>`}
        <${Records} records=${name.records} />
        ${["nxdomain", "nodata"].includes(name.found) && html`<p class="quiet">Resolvers may keep that for ${span(name.negative_ttl)}.</p>`}`;
}

function Records({ records }) {
    if (!records?.length) return null;
    return html`<pre class="records">${records.flatMap((one) => one.data.map((data) => `${one.name} ${one.ttl} ${one.type} ${data}`)).join("\n")}</pre>`;
}

function Client({ data }) {
    const { client, region, answer } = data;
    const cut = region?.cut_by;
    return html`<p><span class="mono">${client.address}</span> is ${where(client.location) || "nowhere known"} <span class="quiet">(${source(client)})</span></p>
        ${client.placed_by === "resolver" && html`<p>The subnet <span class="mono">${client.subnet}</span> says nothing about a place: the sender's address counts.</p>`}
        ${region ? html`<p>Region ${region.region} of ${region.regions}; all of <span class="mono">${region.block}</span> gets the same.${cut ? html` <span class="quiet">No wider, since ${cut.why === "region" ? html`<span class="mono">${cut.network}</span> (${where(cut.location) || "place unknown"}) is in region ${cut.region}` : html`<span class="mono">${cut.wider}</span> has ${cut.why}`}.</span>` : ""}</p>` : html`<p class="quiet">No place matters for this answer.</p>`}
        ${answer?.scope != null && html`<p class="quiet">Scope in the answer: /${answer.scope}</p>`}`;
}

function source(client) {
    const { source: from } = client;
    if (from.from === "networks") return `the operator's network ${from.network}${from.where ? `, ${from.where}` : ""}`;
    return from.from === "database" ? `${from.databases.join(", ")}: ${from.network}` : `no source knows ${client.network}`;
}

function where(location) {
    const place = [location.site && `at site ${location.site}`, location.country && location.country + (location.subdivision ? `-${location.subdivision}` : ""), location.continent,
        location.asn != null && `AS${location.asn}`, location.coordinates && location.coordinates.map((degrees) => degrees.toFixed(1)).join(" "), ...(location.tags ?? []).map((tag) => `tag ${tag}`)];
    return place.filter(Boolean).join(", ");
}

function Decision({ pool, note = "", depth = 0 }) {
    const policy = typeof pool.policy === "string" ? pool.policy : pool.policy.join(" → ");
    return html`
        <${Step} title=${`Pool ${pool.pool}`} depth=${depth}>
            <p>${note && html`<span class="tag">${note}</span> `}policy <b>${policy}</b>, pick <b>${pool.pick}</b>, answers ${pool.answers || "all"}</p>
            <div class="wide-table"><table class="trace-members" aria-label=${`Members of ${pool.pool}`}><thead><tr><th scope="col">Member</th><th scope="col">State</th><th scope="col" class="number">Weight</th><th scope="col">Why</th></tr></thead>
            <tbody>${pool.members.map((member) => html`<tr key=${member.member}><td class="mono">${member.member}</td><td><${State} state=${shownState(member)} text=${member.state ?? "absent"} />${member.reserve ? html` <span class="tag" data-tone="drained">in reserve</span>` : ""}</td><td class="number">${member.weight}</td><td class="why">${member.why}</td></tr>`)}</tbody></table></div>
        </${Step}>
        ${pool.steps.map((step) => html`<${Step} title=${step.filter} depth=${depth}><${Filter} step=${step} /></${Step}>`)}
        ${(pool.rule || !pool.groups.length) && html`<${Step} title="Rule" depth=${depth}><p>${pool.rule_text}</p></${Step}>`}
        ${pool.inside.map((one) => html`<${Decision} key=${one.pool} pool=${one} note="inside" depth=${depth + 1} />`)}
        ${pool.backup && html`<${Decision} pool=${pool.backup} note="backup" depth=${depth + 1} />`}`;
}

const shownState = (member) => (member.override?.kind === "drain" ? "drained" : member.state ?? "absent");

const AMONG = { "all down": "without health and limits", "with a weight": "weight 0 left out" };

function Filter({ step }) {
    return html`<p>${step.failed ? html`<span class="tag" data-tone="down">fails</span> ` : "keeps "}${step.kept.length ? step.kept.map((one, index) => html`${index ? ", " : ""}<span class="mono">${one}</span>`) : html`<b>nobody</b>`}${AMONG[step.among] ? html` <span class="quiet">(${AMONG[step.among]})</span>` : ""}</p>
        ${step.dropped.map((one) => html`<p key=${one.member} class="dropped"><span aria-hidden="true">–</span> drops <span class="mono">${one.member}</span>: ${one.why}</p>`)}
        ${step.reweighted.map((one) => html`<p key=${`w${one.member}`} class="dropped"><span aria-hidden="true">~</span> <span class="mono">${one.member}</span> counts ${one.percent} % of its weight: ${one.why}</p>`)}`;
}

function Answer({ data, records }) {
    const { answer } = data;
    const ttl = answer.ttl;
    return html`${answer.rcode !== "NOERROR" ? html`<p><b>${answer.rcode}</b></p>` : !answer.members.length && !records?.length ? html`<p>No records.</p>` : ""}
        ${answer.members.length > 0 && html`<table class="given" aria-label="Answer"><tbody>${answer.members.map((one) => html`<tr key=${one.member + one.via.join()}><td class="number"><b>${one.share} %</b></td><td class="bar-cell"><span class="bar" aria-hidden="true"><i style=${{ width: `${one.share}%` }}></i></span></td><td class="mono">${one.data.join(", ")}</td><td>${one.member}${one.site && one.site !== one.member ? html` <span class="quiet">at ${one.site}</span>` : ""}${one.via.length > 1 ? html` <span class="quiet">via ${one.via.slice(1).join(" → ")}</span>` : ""}</td></tr>`)}</tbody></table>`}
        ${answer.always && html`<p>This client always gets <b class="mono">${answer.always.join(", ")}</b>.</p>`}
        ${data.decision?.agrees === false && html`<p class="note">What the node serves differs: a publication is on its way.</p>`}
        ${ttl && html`<p>TTL <b>${ttl.seconds} s</b>, set by ${SET_BY[ttl.set_by] ?? ttl.set_by}</p>${(ttl.bounds ?? []).filter((one) => one.what !== ttl.set_by).slice(0, 6).map((one) => html`<p class="quiet">${one.seconds} s: ${one.text}</p>`)}`}`;
}

function Country({ country }) {
    if (country.parts.length === 1) return html`<p>All of ${country.code} is one region.</p>`;
    return html`<p class="quiet">${country.code} is ${country.parts.length} regions; explained above: the largest.</p>
        <table aria-label="Parts of the country" class="given"><tbody>${country.parts.map((one) => html`<tr key=${one.address}><td class="number"><b>${one.share} %</b></td><td class="bar-cell"><span class="bar" aria-hidden="true"><i style=${{ width: `${one.share}%` }}></i></span></td><td>${one.members.map((member) => `${member.member} ${member.share} %`).join(", ")}</td><td class="quiet clip">${one.states.slice(0, 8).join(", ")}</td></tr>`)}</tbody></table>`;
}
