// The API as this page speaks it: JSON over fetch, a bearer token where one is needed, problems as errors.
// The token lives in sessionStorage: this tab has it, no other, and it goes when the tab does.

export const BASE = "/api/v1";
const KEY = "gslb-token";
const denied = new Set();

export class Problem extends Error {
    constructor(status, data) {
        super(String(data.detail || data.title || `HTTP ${status}`));
        this.status = status;
        this.title = String(data.title || "");
        this.code = String(data.code || "");
        this.problems = Array.isArray(data.problems) ? data.problems : [];
    }
}

export const token = {
    get: () => sessionStorage.getItem(KEY) || "",
    set(text) {
        if (text) sessionStorage.setItem(KEY, text);
        else sessionStorage.removeItem(KEY);
    },
    /** Call `listener` whenever the API asks for a token. */
    onDenied(listener) {
        denied.add(listener);
        return () => denied.delete(listener);
    },
};

export function headers(more = {}) {
    const secret = token.get();
    return secret ? { ...more, Authorization: `Bearer ${secret}` } : more;
}

/** Fill a path: at`/pools/${name}` encodes what is filled in. */
export function at(texts, ...names) {
    return texts.reduce((path, text, number) => path + encodeURIComponent(names[number - 1]) + text);
}

export function query(values) {
    const given = Object.entries(values).flatMap(([key, value]) => [value].flat().filter((one) => one !== "" && one != null).map((one) => [key, String(one)]));
    return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** Ask, and return the data. Throws Problem; where the network fails, with status 0. */
export async function ask(method, path, body, { tag = "", signal } = {}) {
    const more = { Accept: "application/json" };
    if (body !== undefined || !["GET", "HEAD"].includes(method)) more["Content-Type"] = "application/json";
    if (tag) more["If-Match"] = tag;
    let response;
    try {
        const text = body === undefined ? (method === "POST" ? "{}" : undefined) : JSON.stringify(body);
        response = await fetch(BASE + path, { method, headers: headers(more), body: text, signal, cache: "no-store", credentials: "omit", redirect: "error" });
    } catch (error) {
        if (signal?.aborted) throw error;
        throw new Problem(0, { title: "no answer", detail: "The API does not answer. Is the service running, and can this browser reach it?" });
    }
    return read(response);
}

export const get = (path, options) => ask("GET", path, undefined, options);

/** All pages of a list, one after the other; at most `most` items. */
export async function all(path, most = 5000) {
    const items = [];
    let next = null;
    do {
        const page = await get(path + (path.includes("?") ? "&" : "?") + new URLSearchParams({ limit: 500, ...(next ? { cursor: next } : {}) }));
        items.push(...(page.items || []));
        next = page.next;
    } while (next && items.length < most);
    return items;
}

async function read(response) {
    const text = await response.text();
    let data = {};
    try {
        data = text ? JSON.parse(text) : {};
    } catch {
        data = { title: `HTTP ${response.status}`, detail: text.slice(0, 400) };
    }
    if (response.ok) return response.headers.get("ETag") && data && typeof data === "object" ? Object.defineProperty(data, "tag", { value: response.headers.get("ETag") }) : data;
    if (response.status === 401) for (const listener of denied) listener();
    throw new Problem(response.status, data);
}
