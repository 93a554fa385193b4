// Why does this client get that answer? The whole trace, from the very code that answers. The question stands in the address bar, so that it can be sent on.
import { html, useEffect, useMemo, useState } from "../parts/html.js";
import { ask } from "../parts/api.js";
import { Trace } from "../parts/trace.js";
import { refine, useAsk } from "../parts/use.js";

const TYPES = ["A", "AAAA", "HTTPS", "CNAME", "TXT", "MX", "NS", "SOA", "SVCB", "ANY"];
const FIELDS = ["name", "type", "client", "subnet", "country", "at"];

export default function Explain({ here }) {
    const { query } = here;
    const [form, setForm] = useState(() => ({ type: "A", ...query, down: query.down ?? "" }));
    const [found, put] = useState({});
    const { data: world } = useAsk("/world");
    const names = useMemo(() => (world?.choices ?? []).map((one) => one.name), [world]);
    const asked = useMemo(() => JSON.stringify(FIELDS.map((field) => query[field] ?? "").concat(query.down ?? "")), [query]);

    useEffect(() => {
        setForm((old) => ({ ...old, ...query, name: query.name || old.name || names[0] || "" }));
        if (!query.name || !(query.client || query.subnet || query.country)) return undefined;
        const stop = new AbortController();
        put((old) => ({ ...old, busy: true }));
        const body = Object.fromEntries(FIELDS.filter((field) => query[field]).map((field) => [field, query[field]]));
        if (query.down) body.assume_down = query.down.split(/[\s,]+/).filter(Boolean);
        ask("POST", "/explain", body, { signal: stop.signal })
            .then((data) => put({ data }))
            .catch((error) => stop.signal.aborted || put({ error }));
        return () => stop.abort();
    }, [asked]);
    useEffect(() => { if (!form.name && names[0]) setForm((old) => ({ ...old, name: names[0] })); }, [names.length]);

    const field = (name) => ({ value: form[name] ?? "", onInput: (event) => setForm({ ...form, [name]: event.target.value }) });
    const submit = (event) => {
        event.preventDefault();
        refine({ ...Object.fromEntries([...FIELDS, "down"].map((name) => [name, (form[name] ?? "").trim()])) });
    };
    return html`<div>
        <div class="page-head"><div><h1>Explain</h1><p class="lede">What a client is answered now, and why. The same code that answers tells it.</p></div></div>
        <form class="question" onSubmit=${submit} noValidate>
            <label class="grow">Name<input class="mono" required ...${field("name")} list="names" autocomplete="off" spellcheck="false" placeholder="www.example.com" /></label>
            <datalist id="names">${names.map((name) => html`<option value=${name} />`)}</datalist>
            <label>Type<select ...${field("type")} onChange=${(event) => setForm({ ...form, type: event.target.value })}>${TYPES.map((type) => html`<option value=${type}>${type}</option>`)}</select></label>
            <label>Client's address<input class="mono" ...${field("client")} autocomplete="off" spellcheck="false" placeholder="203.0.113.7" size="16" /></label>
            <label>Client subnet (ECS)<input class="mono" ...${field("subnet")} autocomplete="off" spellcheck="false" placeholder="198.51.100.0/24" size="17" /></label>
            <label>or country<input class="mono" ...${field("country")} autocomplete="off" spellcheck="false" placeholder="DE" size="4" maxlength="2" /></label>
            <label>Assume down<input class="mono" ...${field("down")} autocomplete="off" spellcheck="false" placeholder="site, pool/member" size="17" /></label>
            <label>At<input class="mono" ...${field("at")} autocomplete="off" spellcheck="false" placeholder="now, +2h" size="10" /></label>
            <button class="primary" disabled=${!form.name || !(form.client || form.subnet || form.country)}>Explain</button>
        </form>
        ${found.error && html`<p class="problem" role="alert">${found.error.message}</p>`}
        <div aria-live="polite" aria-busy=${found.busy ? "true" : "false"}>
            ${found.data ? html`<${Trace} data=${found.data} />` : !found.error && html`<p class="nothing">Give a client's address, its subnet as a resolver sends it, or a country of which the most populous part is taken.</p>`}
        </div>
    </div>`;
}
