// A dense table: sorted by its heads, driven by keys, and of any length, since only rows in sight are drawn (all are of one height).
// Columns: {key, title, cell(row), sort?(row), down?: sorted the largest first, width?, narrow?: false to leave out on a phone, number?: true}. A row with `group` is drawn across.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { useNarrow } from "./use.js";

const AROUND = 8; // rows drawn beyond each edge of the window

export function Table({ label, columns, rows, id, sort, onSort, onOpen, selected, empty = "Nothing here." }) {
    const narrow = useNarrow();
    const shown = columns.filter((column) => !narrow || column.narrow !== false);
    const body = useRef(null);
    const height = useRowHeight();
    const [from, to] = useSight(body, rows.length, height);
    const wanted = useRef(null); // row that is to have the focus once it is drawn

    useEffect(() => {
        if (wanted.current == null) return;
        const row = body.current?.querySelector(`[data-row="${wanted.current}"]`);
        if (row) {
            row.focus({ preventScroll: true });
            wanted.current = null;
        }
    });

    const keys = (event) => {
        const row = event.target.closest("tr[data-row]");
        if (!row || event.target !== row) return;
        const index = Number(row.dataset.row);
        if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            onOpen?.(rows[index]);
            return;
        }
        const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -rows.length, End: rows.length, j: 1, k: -1 }[event.key];
        if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        let next = Math.max(0, Math.min(rows.length - 1, index + step));
        while (rows[next]?.group && next > 0 && next < rows.length - 1) next += Math.sign(step);
        if (rows[next]?.group) return;
        wanted.current = next;
        reveal(body.current, next, height);
        body.current.querySelector(`[data-row="${next}"]`)?.focus({ preventScroll: true });
    };

    const open = (event, row) => {
        if (event.target.closest("button, a, input")) return;
        onOpen?.(row);
    };
    const first = rows.findIndex((row) => !row.group);

    return html`<table class="dense" aria-label=${label} aria-rowcount=${rows.length + 1}>
        <colgroup>${shown.map((column) => html`<col key=${column.key} style=${{ width: (narrow && column.narrowWidth) || column.width || "auto" }} />`)}</colgroup>
        <thead><tr aria-rowindex="1">${shown.map((column) => html`<${Head} key=${column.key} column=${column} sort=${sort} onSort=${onSort} />`)}</tr></thead>
        <tbody ref=${body} onKeyDown=${keys}>
            ${from > 0 && html`<tr class="spacer" key="above" aria-hidden="true"><td colspan=${shown.length} style=${{ height: `${from * height}px` }}></td></tr>`}
            ${rows.slice(from, to).map((row, offset) => {
                const index = from + offset;
                if (row.group) return html`<tr class="group" key=${row.key} aria-rowindex=${index + 2}><td colspan=${shown.length}>${row.group}</td></tr>`;
                const name = id(row);
                return html`<tr key=${name} data-row=${index} data-id=${name} aria-rowindex=${index + 2} aria-selected=${selected === name ? "true" : null}
                    tabindex=${onOpen ? (index === Math.max(first, from) || selected === name ? 0 : -1) : null} onClick=${onOpen && ((event) => open(event, row))}>
                    ${shown.map((column) => html`<td key=${column.key} class=${[column.number && "number", column.kind].filter(Boolean).join(" ") || null}>${column.cell(row)}</td>`)}
                </tr>`;
            })}
            ${to < rows.length && html`<tr class="spacer" key="below" aria-hidden="true"><td colspan=${shown.length} style=${{ height: `${(rows.length - to) * height}px` }}></td></tr>`}
            ${!rows.length && html`<tr key="none"><td colspan=${shown.length} class="nothing">${empty}</td></tr>`}
        </tbody>
    </table>`;
}

function Head({ column, sort, onSort }) {
    const [key, down] = sort ? [sort.replace(/^-/, ""), sort.startsWith("-")] : [];
    const mine = column.sort && key === column.key;
    const text = column.hidden ? html`<span class="hidden">${column.title}</span>` : column.title;
    return html`<th scope="col" class=${column.number && "number"} aria-sort=${mine ? (down ? "descending" : "ascending") : null}>
        ${column.sort && onSort
            ? html`<button type="button" class="plain" onClick=${() => onSort(mine ? (down ? column.key : `-${column.key}`) : column.down ? `-${column.key}` : column.key)}>${text}${mine && html`<span aria-hidden="true">${down ? "↓" : "↑"}</span>`}</button>`
            : html`<span>${text}</span>`}
    </th>`;
}

/** Sort rows by a column's key, `-key` for the other way round; a sort of the browser is stable. */
export function sorted(rows, columns, sort) {
    const column = sort && columns.find((one) => one.key === sort.replace(/^-/, "") && one.sort);
    if (!column) return rows;
    const way = sort.startsWith("-") ? -1 : 1;
    return rows.map((row) => [column.sort(row), row]).sort(([a], [b]) => way * compare(a, b)).map(([, row]) => row);
}

const letters = new Intl.Collator("en", { numeric: true });

function compare(a, b) {
    if (a == null || b == null) return (a == null) - (b == null);
    return typeof a === "number" && typeof b === "number" ? a - b : letters.compare(String(a), String(b));
}

function useRowHeight() {
    const narrow = useNarrow();
    return useMemo(() => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 31, [narrow]);
}

/** Which rows are in sight, as the window scrolls. */
function useSight(body, length, height) {
    const [sight, put] = useState([0, 60]);
    useLayoutEffect(() => {
        let asked = 0;
        const look = () => {
            asked = 0;
            if (!body.current) return;
            const top = -body.current.getBoundingClientRect().top;
            const from = Math.max(0, Math.floor(top / height) - AROUND);
            const to = Math.max(from, Math.ceil((top + innerHeight) / height) + AROUND);
            put((old) => (old[0] === from && old[1] === to ? old : [from, to]));
        };
        const later = () => { asked ||= requestAnimationFrame(look); };
        look();
        addEventListener("scroll", later, { passive: true });
        addEventListener("resize", later);
        return () => {
            cancelAnimationFrame(asked);
            removeEventListener("scroll", later);
            removeEventListener("resize", later);
        };
    }, [length, height]);
    return [Math.min(sight[0], Math.max(0, length - 1)), Math.min(sight[1], length)];
}

function reveal(body, index, height) {
    const top = body.getBoundingClientRect().top + index * height;
    const above = 46 + height; // the head of the page, and the table's own
    if (top < above) scrollBy(0, top - above - 4);
    else if (top + height > innerHeight) scrollBy(0, top + height - innerHeight + 8);
}
