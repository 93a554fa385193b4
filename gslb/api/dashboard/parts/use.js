// Hooks: the live state, the address bar, one-off questions, the time.
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { get } from "./api.js";
import { live } from "./live.js";

/** Read the live state; drawn anew only where what `select` returns is another object. */
export function useLive(select) {
    const [, draw] = useState(0);
    const latest = useRef();
    latest.current = select(live.state);
    useEffect(() => live.subscribe(() => {
        if (select(live.state) !== latest.current) draw((count) => count + 1);
    }), []);
    return latest.current;
}

/** Ask the API when `path` changes; null asks nothing. Returns {data, error, busy, again}. Old data stays until new is there. */
export function useAsk(path, { every = 0 } = {}) {
    const [found, put] = useState({ path: null, data: null, error: null });
    const [turn, setTurn] = useState(0);
    const [busy, setBusy] = useState(Boolean(path));
    useEffect(() => {
        if (!path) return undefined;
        const stop = new AbortController();
        setBusy(true);
        get(path, { signal: stop.signal })
            .then((data) => put({ path, data, error: null }))
            .catch((error) => stop.signal.aborted || put((old) => ({ path, data: old.path === path ? old.data : null, error })))
            .finally(() => stop.signal.aborted || setBusy(false));
        return () => stop.abort();
    }, [path, turn]);
    const again = useCallback(() => setTurn((count) => count + 1), []);
    useEffect(() => {
        if (!every) return undefined;
        const timer = setInterval(() => document.visibilityState === "visible" && again(), every);
        return () => clearInterval(timer);
    }, [every]);
    const linked = useLive((state) => state.link === "live");
    const before = useRef(linked);
    useEffect(() => {
        if (linked && !before.current) again();
        before.current = linked;
    }, [linked]);
    const mine = found.path === path || found.data ? found : { data: null, error: null };
    return { data: mine.data, error: found.path === path ? found.error : null, busy, again };
}

/** Draw again every `ms`: for ages. */
export function useTick(ms = 1000) {
    const [, draw] = useState(0);
    useEffect(() => {
        const timer = setInterval(() => draw((count) => count + 1), ms);
        return () => clearInterval(timer);
    }, [ms]);
}

/** The place in the address bar: `#/pools/web?state=down` is {page: "pools", parts: ["web"], query: {state: "down"}}. */
export function place() {
    const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const [page = "", ...parts] = path.split("/").map(safely);
    return { page, parts, query: Object.fromEntries(new URLSearchParams(search)) };
}

export function link(page, parts = [], values = {}) {
    const given = Object.entries(values).filter(([, value]) => value !== "" && value != null);
    return `#/${[page, ...parts].map(encodeURIComponent).join("/")}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

export function go(...where) { location.hash = link(...where); }

/** Change the query of this page without a new entry in the history. */
export function refine(values) {
    const here = place();
    history.replaceState(null, "", link(here.page, here.parts, { ...here.query, ...values }));
    dispatchEvent(new HashChangeEvent("hashchange"));
}

export function usePlace() {
    const [here, put] = useState(place);
    useEffect(() => {
        const moved = () => put(place());
        addEventListener("hashchange", moved);
        return () => removeEventListener("hashchange", moved);
    }, []);
    return here;
}

/** Whether the window is as narrow as a phone's. */
export function useNarrow() {
    const rule = matchMedia("(max-width: 720px)");
    const [narrow, put] = useState(rule.matches);
    useEffect(() => {
        const changed = () => put(rule.matches);
        rule.addEventListener("change", changed);
        return () => rule.removeEventListener("change", changed);
    }, []);
    return narrow;
}

function safely(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}
