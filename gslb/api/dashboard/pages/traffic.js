// Live traffic: queries per second, response codes, and the share of answers that each site gets.
import { html, useMemo } from "../parts/html.js";
import { Chart, Spark } from "../parts/chart.js";
import { count, percent, rate } from "../parts/format.js";
import { Share, Swatch } from "../parts/marks.js";
import { useAsk, useLive } from "../parts/use.js";

const CODES = { NOERROR: "--up", NXDOMAIN: "--degraded", SERVFAIL: "--down", REFUSED: "--drained" };
const LAST = 60; // samples that figures are taken over

export default function Traffic({ here }) {
    const samples = useLive((state) => state.traffic);
    const { data: found } = useAsk("/sites", { every: 15_000 });
    const index = useMemo(() => new Map((found?.items ?? []).map((site, number) => [site.site, number])), [found]);
    const times = useMemo(() => samples.map((one) => one.at), [samples]);
    const volume = useMemo(() => [{ label: "q/s", color: "--accent", values: samples.map((one) => one.qps) }], [samples]);
    const codes = useMemo(() => keys(samples, "rcodes").map((code, number) => ({ label: code, color: CODES[code] ?? `--site-${(number + 4) % 8}`, dash: code === "NOERROR" ? undefined : [6, 3], values: samples.map((one) => one.rcodes?.[code] ?? 0) })), [samples]);
    const sites = useMemo(() => keys(samples, "sites").map((site, number) => ({ label: site || "no site", site, color: `--site-${(index.get(site) ?? number) % 8}`, values: samples.map((one) => one.sites?.[site] ?? 0) })), [samples, index]);
    const pools = useMemo(() => totals(samples, "pools"), [samples]);
    const last = samples.slice(-LAST);
    const qps = last.length ? last.reduce((sum, one) => sum + one.qps, 0) / last.length : null;
    const sums = totals(last, "sites");
    const whole = sums.reduce((sum, [, value]) => sum + value, 0);
    const errors = last.reduce((sum, one) => sum + (one.rcodes?.SERVFAIL ?? 0), 0) / Math.max(1e-9, last.reduce((sum, one) => sum + one.qps, 0));

    return html`<div>
        <div class="page-head"><div><h1>Traffic</h1><p class="lede">Queries and how they were answered, the last ${count(Math.max(1, Math.round(((times.at(-1) ?? 0) - (times[0] ?? 0)) / 60)), "minute")}</p></div></div>
        <dl class="figures">
            <div><dt>Queries per second now</dt><dd>${rate(samples.at(-1)?.qps)}</dd></div>
            <div><dt>over the last minute</dt><dd>${rate(qps)}</dd></div>
            <div><dt>SERVFAIL, last minute</dt><dd>${percent(errors)}</dd></div>
            <div><dt>Sites answering</dt><dd>${sums.filter(([site, value]) => site && value > 0).length}</dd></div>
        </dl>
        ${!samples.length ? html`<p class="nothing">No sample yet.</p>` : html`<div class="halves">
            <section><div class="section-head"><h2>Queries per second</h2></div><${Chart} times=${times} lines=${volume} label=${`Queries per second: now ${rate(samples.at(-1)?.qps)}, over the last minute ${rate(qps)}`} /></section>
            <section><div class="section-head"><h2>Response codes, per second</h2></div><${Chart} times=${times} lines=${codes} label=${`Response codes: ${codes.map((line) => `${line.label} ${rate(line.values.at(-1))}`).join(", ")}`} /></section>
            <section><div class="section-head"><h2>Share of answers by site</h2></div>${sites.length ? html`<${Chart} times=${times} lines=${sites} stacked=${true} label=${`Share of answers by site: ${sums.map(([site, value]) => `${site} ${percent(value / whole)}`).join(", ")}`} />` : html`<p class="nothing">No answer has named a site yet.</p>`}</section>
            <section><div class="section-head"><h2>Sites, last minute</h2></div>
                <table aria-label="Share of answers by site, last minute"><thead><tr><th scope="col">Site</th><th scope="col">Share</th><th scope="col" class="number">per second</th></tr></thead>
                <tbody>${sums.map(([site, value]) => html`<tr key=${site}><td><${Swatch} index=${index.get(site)} /> ${site || "no site"}</td><td style=${{ width: "50%" }}><${Share} value=${whole ? value / whole : 0} site=${index.get(site)} /></td><td class="number">${rate(value / Math.max(1, last.length))}</td></tr>`)}
                ${!sums.length && html`<tr><td colspan="3" class="nothing">No answer has named a site yet.</td></tr>`}</tbody></table>
            </section>
        </div>`}
        ${pools.length > 0 && html`<section class="section"><h2>Pools</h2><div class="sparks">${pools.slice(0, 40).map(([pool]) => html`<a key=${pool} class="spark-box" href=${`#/pools/${encodeURIComponent(pool)}`}><span class="spread"><b class="clip">${pool}</b><span>${rate(sum(samples.at(-1)?.pools?.[pool]))} /s</span></span><${Spark} values=${samples.map((one) => sum(one.pools?.[pool]))} /></a>`)}</div></section>`}
    </div>`;
}

/** What was counted of a pool: a number, or a number for each site. */
const sum = (value) => (typeof value === "number" ? value : Object.values(value ?? {}).reduce((total, one) => total + one, 0));

const keys = (samples, what) => totals(samples, what).map(([key]) => key);

function totals(samples, what) {
    const found = new Map();
    for (const one of samples) for (const [key, value] of Object.entries(one[what] ?? {})) found.set(key, (found.get(key) ?? 0) + sum(value));
    return [...found].sort((a, b) => b[1] - a[1]);
}
