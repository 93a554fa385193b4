// Numbers and times as people read them.
import { now } from "./live.js";

const UNITS = [[86_400, "d"], [3600, "h"], [60, "min"]];

/** 42 s, 3 min, 2.5 h, 4 d. */
export function span(seconds) {
    if (seconds == null || Number.isNaN(seconds)) return "–";
    const size = Math.max(0, seconds);
    for (const [unit, name] of UNITS) {
        if (size >= unit) {
            const many = size / unit;
            return `${many < 10 && unit > 60 ? Number(many.toFixed(1)) : Math.round(many)} ${name}`;
        }
    }
    return size < 10 && size % 1 >= 0.1 ? `${size.toFixed(1)} s` : `${Math.round(size)} s`;
}

/** The age of a moment in seconds since 1970. */
export const age = (moment) => (moment == null ? "–" : span(Math.round(now() - moment)));

export const clock = (moment) => (moment == null ? "–" : new Date(moment * 1000).toISOString().slice(11, 19));
export const date = (moment) => (moment == null ? "–" : new Date(moment * 1000).toISOString().slice(0, 10));
/** 2026-11-20 15:04:05 UTC, in full: for titles and tables of long ago. */
export const stamp = (moment) => (moment == null ? "–" : `${date(moment)} ${clock(moment)} UTC`);

export const many = (count) => Number(count).toLocaleString("en").replaceAll(",", "\u202f");
export const count = (number, one, more = `${one}s`) => `${many(number)} ${number === 1 ? one : more}`;

/** A share of 0…1 as 37 %, 0.4 %, 100 %. */
export function percent(share) {
    const value = 100 * share;
    if (!Number.isFinite(value)) return "–";
    const text = value === 0 || value >= 99.95 || Math.abs(value - Math.round(value)) < 0.05 ? String(Math.round(value)) : value < 0.1 ? "<0.1" : value.toFixed(1);
    return `${text} %`;
}

export function rate(value) {
    if (value == null || Number.isNaN(value)) return "–";
    if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
    if (value >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
    return value >= 100 || value % 1 === 0 ? many(Math.round(value)) : value.toFixed(1);
}

export function size(octets) {
    if (octets == null) return "–";
    return octets < 1024 ? `${octets} B` : octets < 1 << 20 ? `${(octets / 1024).toFixed(1)} KiB` : `${(octets / (1 << 20)).toFixed(1)} MiB`;
}

const regions = new Intl.DisplayNames(["en"], { type: "region" });
/** The name of a country by its two letters. */
export function country(code) {
    try {
        return regions.of(code) ?? code;
    } catch {
        return code;
    }
}
