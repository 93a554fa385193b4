// What is known of the service now: read once whole, then kept fresh by the event stream. Pages read it; nothing else writes it.
//
//   connecting → live ⇄ stale     stale: nothing was heard for a while; what is shown is old, and says so
//              → denied           the API wants a token

import { BASE, all, get, headers } from "./api.js";

const SILENCE = 25_000; // ms without a sign of life; the stream says something at least every 15 s
const WAITS = [500, 1000, 2000, 4000, 8000, 15_000]; // ms before each further try
const KEPT = { traffic: 900, events: 500 };

const listeners = new Set();
let state = {
    link: "connecting",
    heard: 0, // Date.now() of the last sign of life
    status: null,
    pools: new Map(),
    overrides: [],
    hold: null,
    traffic: [],
    events: [],
    who: null,
    loaded: false, // pools are there: pages can show
    skew: 0, // seconds that the service's clock is ahead of this browser's
};
let told = false;
let attempt = 0;
let stream = null;
let timer = 0;

export const live = {
    get state() { return state; },
    subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
    },
    start() { run(); },
    /** Begin anew: after a token was given, or when somebody presses "try now". */
    again() {
        attempt = 0;
        stream?.abort();
        clearTimeout(timer);
        run();
    },
    /** Take what a write answered without waiting for the stream. */
    async refresh() {
        const [status, pools, said] = await Promise.all([get("/status"), all("/pools"), get("/overrides").catch(() => null)]);
        change({ status: wise(status), pools: byName(pools), ...spoken(said) });
    },
};

/** The service's time now, in seconds. */
export const now = () => Date.now() / 1000 + state.skew;

function change(more) {
    state = { ...state, ...more };
    if (told) return;
    told = true; // one drawing for all that comes in this turn
    setTimeout(() => {
        told = false;
        for (const listener of listeners) listener();
    }, 16);
}

async function run() {
    const mine = new AbortController();
    stream = mine;
    try {
        await begin();
        await follow(mine);
        throw new Error("the stream ended");
    } catch (error) {
        if (stream !== mine) return; // somebody began anew
        if (error.status === 401) return change({ link: "denied" });
        change({ link: state.loaded ? "stale" : "connecting" });
        timer = setTimeout(run, WAITS[Math.min(attempt++, WAITS.length - 1)]);
    }
}

/** Read everything once; what pages need first comes first. */
async function begin() {
    const [status, pools, said] = await Promise.all([get("/status"), all("/pools"), get("/overrides")]);
    change({ status: wise(status), pools: byName(pools), ...spoken(said), loaded: true, heard: Date.now() });
    const [who, traffic, events] = await Promise.allSettled([get("/whoami"), get("/traffic"), get("/events?limit=200")]);
    change({
        who: who.value ?? null,
        traffic: traffic.value?.samples ?? state.traffic,
        events: events.value?.items ?? state.events,
    });
}

async function follow(mine) {
    let watch = 0;
    const alive = () => {
        clearTimeout(watch);
        watch = setTimeout(() => mine.abort(), SILENCE);
        if (state.link !== "live" || Date.now() - state.heard > 900) change({ link: "live", heard: Date.now() });
    };
    const last = state.events[0]?.id;
    const response = await fetch(`${BASE}/stream`, {
        headers: headers({ Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) }),
        signal: mine.signal,
        cache: "no-store",
        credentials: "omit",
    });
    if (!response.ok) throw Object.assign(new Error("no stream"), { status: response.status });
    attempt = 0;
    alive();
    try {
        for await (const message of messages(response.body.getReader())) {
            alive();
            if (message.data) take(message.event, JSON.parse(message.data));
        }
    } finally {
        clearTimeout(watch);
    }
}

/** Split a body into server-sent events (HTML standard, 9.2.6); comments count as signs of life. */
async function* messages(reader) {
    const decoder = new TextDecoder();
    let rest = "";
    let event = "message";
    let data = [];
    for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r/);
        rest = lines.pop();
        for (const line of lines) {
            if (line === "") {
                yield { event, data: data.join("\n") };
                event = "message";
                data = [];
            } else if (line.startsWith("event:")) event = line.slice(6).trim();
            else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
        }
    }
}

function take(kind, data) {
    switch (kind) {
        case "status":
            return change({ status: wise(data) });
        case "pools": {
            const pools = new Map(data.whole ? [] : state.pools);
            for (const pool of data.items ?? []) pools.set(pool.pool, pool);
            for (const name of data.gone ?? []) pools.delete(name);
            return change({ pools });
        }
        case "overrides":
            return change(spoken(data));
        case "traffic":
            return change({ traffic: merged(state.traffic, data.samples ?? [data], (one) => one.at).slice(-KEPT.traffic) });
        case "event":
            return change({ events: news(state.events, data) });
        default:
            return undefined;
    }
}

function wise(status) {
    const clock = status.now ?? status.time;
    const skew = typeof clock === "number" ? clock - Date.now() / 1000 : 0;
    if (Math.abs(skew) < 1e6 && Math.abs(skew - state.skew) > 0.5) state = { ...state, skew };
    return status;
}

const byName = (pools) => new Map(pools.map((pool) => [pool.pool, pool]));
const spoken = (data) => (data ? { overrides: data.overrides ?? data.items ?? [], hold: data.hold ?? null } : {});

function merged(old, fresh, key) {
    const last = old.length ? key(old[old.length - 1]) : -1;
    return [...old, ...fresh.filter((one) => key(one) > last)];
}

/** One happening may be told by several nodes: their `key` is the same, and the later word takes the earlier one's place. */
function news(events, one) {
    return [one, ...events.filter((other) => other.id !== one.id && !(one.key && other.key === one.key))].slice(0, KEPT.events);
}

document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && state.link === "stale") live.again();
});
