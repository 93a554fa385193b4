// Lines over time (uPlot, loaded when the first chart is shown), and sparklines.
import { html, useEffect, useRef } from "./html.js";

let loading = null;
const library = () => (loading ||= import("uplot").then((module) => module.default));
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** `times`: seconds; `lines`: [{label, values, color: name of a token, dash?}]. Drawn anew when data, width or theme change. */
export function Chart({ times, lines, unit = "", height = 210, label, stacked = false }) {
    const box = useRef(null);
    const plot = useRef(null);
    const latest = useRef();
    const names = lines.map((line) => `${line.label}${line.color}`).join("\n");
    const theme = document.documentElement.dataset.theme;
    latest.current = [times, ...(stacked ? stack(lines) : lines.map((line) => line.values))];
    latest.lines = lines;

    useEffect(() => {
        let gone = false;
        let watch = null;
        library().then((uPlot) => {
            if (gone || !box.current) return;
            plot.current = new uPlot(options(box.current.clientWidth, height, lines, unit, stacked, (line, index) => share(latest.lines, line, index)), latest.current, box.current);
            latestLegend(plot.current);
            watch = new ResizeObserver(() => box.current && plot.current?.setSize({ width: box.current.clientWidth, height }));
            watch.observe(box.current);
        });
        return () => {
            gone = true;
            watch?.disconnect();
            plot.current?.destroy();
            plot.current = null;
        };
    }, [names, theme, height, unit, stacked]);
    useEffect(() => {
        plot.current?.setData(latest.current);
        if (plot.current) latestLegend(plot.current);
    }, [times, lines]);
    return html`<figure class="chart" role="img" aria-label=${label}><div ref=${box} style=${{ minHeight: `${height + 26}px` }}></div></figure>`;
}

/** Where nobody points at the chart, its legend tells the latest. */
function latestLegend(plot) {
    if (plot.cursor.left == null || plot.cursor.left < 0) plot.setLegend({ idx: plot.data[0].length - 1 });
}

function options(width, height, lines, unit, stacked, shareOf) {
    const [ink, line] = [token("--soft"), token("--line")];
    const axis = { stroke: ink, font: `11px ${token("--sans")}`, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
        width, height,
        padding: [8, 8, 0, 0],
        cursor: { points: { size: 6 }, y: false, drag: { x: false, y: false } },
        legend: { live: true },
        scales: { x: { time: true }, y: { range: (_, low, high) => [0, stacked ? 1 : Math.max(high * 1.12, 1)] } },
        tzDate: (moment) => new Date(moment * 1000 + new Date().getTimezoneOffset() * 60_000),
        axes: [{ ...axis, size: 26, values: "{HH}:{mm}:{ss}", space: 90 }, { ...axis, size: 46, values: (_, ticks) => ticks.map((tick) => (stacked ? `${Math.round(100 * tick)} %` : `${short(tick)}`)) }],
        series: [
            { label: "UTC", value: (_, moment) => (moment == null ? "–" : new Date(moment * 1000).toISOString().slice(11, 19)) },
            ...lines.map((one, index) => ({
                label: one.label,
                stroke: token(one.color),
                width: stacked ? 1 : 1.6,
                dash: one.dash,
                fill: stacked ? token(one.color) : undefined,
                points: { show: false },
                value: (_, value, __, at) => (value == null ? "–" : stacked ? `${Math.round(100 * shareOf(index, at))} %` : `${short(value)}${unit}`),
            })),
        ],
    };
}

/** Shares, summed from the last line up: the first is drawn first and highest, each later one over it. */
function stack(lines) {
    const total = lines[0] ? lines[0].values.map(() => 0) : [];
    const sums = [...lines].reverse().map((line) => line.values.map((value, index) => (total[index] += value || 0))).reverse();
    return sums.map((sum) => sum.map((value, index) => (total[index] ? value / total[index] : null)));
}

function share(lines, line, index) {
    const total = lines.reduce((sum, one) => sum + (one.values[index] || 0), 0);
    return total ? (lines[line]?.values[index] || 0) / total : 0;
}

function short(value) {
    if (value >= 1e6) return `${+(value / 1e6).toFixed(1)} M`;
    if (value >= 1e4) return `${+(value / 1e3).toFixed(1)} k`;
    return String(+value.toFixed(value < 10 ? 1 : 0));
}

/** A line without axes; what it says must stand beside it as text. */
export function Spark({ values }) {
    const top = Math.max(...values, 1e-9);
    const points = values.map((value, index) => `${index ? "L" : "M"}${((100 * index) / Math.max(1, values.length - 1)).toFixed(2)} ${(25 - (23 * value) / top).toFixed(2)}`);
    return html`<svg class="spark" viewBox="0 0 100 26" preserveAspectRatio="none" aria-hidden="true"><path d=${points.join("") || "M0 25"} /></svg>`;
}
