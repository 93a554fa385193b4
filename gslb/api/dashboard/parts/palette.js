// The command palette: go anywhere, do anything, by a few letters. Ctrl-K or /.
import { html, useMemo, useState } from "./html.js";
import { Dialog } from "./dialog.js";
import { go, useLive } from "./use.js";

const MOST = 40;

/** `pages`: [{page, title}]; `onAct(want)`: opens a confirmation. */
export function Palette({ pages, onAct, onTheme, onClose }) {
    const pools = useLive((state) => state.pools);
    const [text, setText] = useState("");
    const [at, setAt] = useState(0);
    const everything = useMemo(() => commands(pages, pools, onAct, onTheme), [pages, pools]);
    const found = useMemo(() => match(everything, text), [everything, text]);

    const choose = (one) => {
        onClose();
        one?.run();
    };
    const keys = (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step && found.length) {
            event.preventDefault();
            const next = (at + step + found.length) % found.length;
            setAt(next);
            document.getElementById(`command-${next}`)?.scrollIntoView({ block: "nearest" });
        } else if (event.key === "Enter") {
            event.preventDefault();
            choose(found[at]);
        }
    };
    return html`<${Dialog} label="Go to, or do" kind="palette" onClose=${onClose}>
        <div class="palette">
            <input data-first type="text" role="combobox" aria-expanded="true" aria-controls="commands" aria-activedescendant=${found.length ? `command-${at}` : null} aria-label="Search pages, pools, members, sites and actions"
                placeholder="Go to a page, a pool, a member; drain a site …" value=${text} autocomplete="off" spellcheck="false" onInput=${(event) => { setText(event.target.value); setAt(0); }} onKeyDown=${keys} />
            <ul id="commands" role="listbox" aria-label="Commands">
                ${found.map((one, index) => html`<li key=${one.kind + one.text} id=${`command-${index}`} role="option" aria-selected=${index === at ? "true" : "false"} onClick=${() => choose(one)}><span class="clip">${one.text}</span><span>${one.kind}</span></li>`)}
                ${!found.length && html`<li aria-selected="false"><span class="quiet">Nothing is called so.</span></li>`}
            </ul>
        </div>
    </${Dialog}>`;
}

function commands(pages, pools, onAct, onTheme) {
    const list = pages.map(({ page, title }) => ({ text: title, kind: "page", run: () => go(page) }));
    const sites = new Set();
    for (const pool of pools.values()) {
        list.push({ text: pool.pool, kind: "pool", run: () => go("pools", [pool.pool]) });
        for (const member of pool.members) {
            if (member.site) sites.add(member.site);
            list.push({ text: `${pool.pool}/${member.member}`, kind: "member", run: () => go("pools", [pool.pool, member.member]) });
        }
    }
    for (const site of [...sites].sort()) {
        list.push({ text: `drain site ${site}`, kind: "action", run: () => onAct({ kind: "drain", subject: { level: "site", site } }) });
        list.push({ text: `undrain site ${site}`, kind: "action", run: () => onAct({ kind: "drain", back: true, subject: { level: "site", site } }) });
        list.push({ text: `what if site ${site} is down`, kind: "simulate", run: () => go("simulate", [], { down: site }) });
    }
    list.push({ text: "light or dark", kind: "action", run: onTheme });
    return list;
}

/** All words must be somewhere; what begins with them comes first. */
function match(list, text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return list.slice(0, MOST);
    const found = [];
    for (const one of list) {
        const name = one.text.toLowerCase();
        if (words.every((word) => name.includes(word))) found.push([name.startsWith(words[0]) ? 0 : 1, name.length, one]);
    }
    return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, MOST).map(([, , one]) => one);
}
