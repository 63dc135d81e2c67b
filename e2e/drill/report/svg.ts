import type { DrillReport, EpisodeReport, MatrixRow } from "./results.ts";

/**
 * Timelines of the faults as a picture: from the fault to the page, from the removal of the fault to the resolved
 * message.
 */

const WIDTH = 1_000;
const LEFT = 250;
const RIGHT = 24;
const TOP = 64;
const LANE = 34;
const BAR = 14;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 11px; fill: #59636e } .title { font-size: 16px; font-weight: 600 }
  .grid { stroke: #d1d9e0; stroke-width: 1 } .fault { fill: #ddf4ff; stroke: #54aeff }
  .pending { fill: #eac54f } .firing { fill: #cf222e } .inhibited { fill: #a475f9 } .other { fill: #fd8c73 }
  .notified { fill: #fff; stroke: #1f2328; stroke-width: 1.5 } .cleared { fill: #1a7f37; stroke: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .grid { stroke: #3d444d } .fault { fill: #0c2d6b; stroke: #1f6feb }
    .notified { fill: #0d1117; stroke: #f0f6fc }
  }`;

/** Draws a lane for every fault: the fault's time, the alert pending and firing, messages, and what it inhibited. */
export function renderTimelines({ episodes, factor }: DrillReport): string {
  const faults = episodes.filter(({ kind, steps }) => kind === "fault" && steps.injectedMs !== undefined);
  const longestMs = Math.max(1_000, ...faults.map(({ steps }) => (steps.endMs ?? 0) - (steps.injectedMs ?? 0)));
  const height = TOP + faults.length * LANE + 40;
  const x = (ms: number) => LEFT + (Math.max(0, ms) / longestMs) * (WIDTH - LEFT - RIGHT);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Timelines of the fire drill">`,
    `<style>${STYLE}</style>`,
    `<text x="16" y="26" class="title">Every alert, from its fault to the page and back</text>`,
    `<text x="16" y="46" class="small">${caption(factor)}</text>`,
    ...ticks(longestMs).map(
      (ms) =>
        `<line class="grid" x1="${round(x(ms))}" y1="${TOP - 4}" x2="${round(x(ms))}" y2="${height - 34}"/>` +
        `<text class="small" text-anchor="middle" x="${round(x(ms))}" y="${height - 18}">${label(ms)}</text>`,
    ),
    ...faults.flatMap((episode, index) => lane(episode, TOP + index * LANE, x)),
    legend(height),
    "</svg>",
  ].join("\n")}\n`;
}

function caption(factor: number): string {
  const timing = factor === 1 ? "Rules and timing exactly as shipped" : `Durations divided by ${factor}`;
  return `${timing}. Time since the fault.`;
}

function lane({ alert = "", id, steps, matrix }: EpisodeReport, y: number, x: (ms: number) => number): string[] {
  const zero = steps.injectedMs ?? 0;
  const bar = (kind: string, fromMs: number, toMs: number, offset: number, thickness: number, hint: string) => {
    const [left, right] = [x(fromMs - zero), x(toMs - zero)];
    return `<rect class="${kind}" x="${round(left)}" y="${y + offset}" width="${round(Math.max(1, right - left))}" height="${thickness}" rx="2"><title>${hint}</title></rect>`;
  };
  const mine = matrix.find(({ alertname }) => alertname === alert);
  const others = matrix.filter(({ alertname, state }) => alertname !== alert && state !== "pending");
  return [
    `<text x="16" y="${y + 14}">${alert}</text>`,
    `<text class="small" x="16" y="${y + 27}">${id}</text>`,
    bar("fault", zero, steps.removedMs ?? steps.endMs ?? zero, 0, LANE - 8, "the fault is on"),
    ...(mine === undefined ? [] : stay(mine, (...args) => bar(...args), 4, BAR, "firing")),
    ...others.flatMap((row) =>
      stay(row, (...args) => bar(...args), 20, 4, row.state === "inhibited" ? "inhibited" : "other"),
    ),
    ...dot("notified", steps.notifiedMs, "first message"),
    ...dot("cleared", steps.resolvedMs, "all clear"),
  ];

  function dot(kind: string, atMs: number | undefined, hint: string): string[] {
    if (atMs === undefined) return [];
    return [
      `<circle class="${kind}" cx="${round(x(atMs - zero))}" cy="${y + 11}" r="5"><title>${hint}</title></circle>`,
    ];
  }
}

type Bar = (kind: string, fromMs: number, toMs: number, offset: number, thickness: number, hint: string) => string;

function stay(row: MatrixRow, bar: Bar, offset: number, thickness: number, kind: string): string[] {
  const { alertname, pendingMs, firingMs = row.endMs, endMs } = row;
  return [
    bar("pending", pendingMs, firingMs, offset, thickness, `${alertname} pending`),
    bar(kind, firingMs, endMs, offset, thickness, `${alertname} ${kind}`),
  ];
}

const DOTS: readonly string[] = ["notified", "cleared"];

/** Every kind of mark in the picture. */
function legend(height: number): string {
  const items = [
    ["fault", "fault on"],
    ["pending", "pending"],
    ["firing", "firing"],
    ["other", "another alert"],
    ["inhibited", "inhibited"],
    ["notified", "first message"],
    ["cleared", "all clear"],
  ] as const;
  const step = (WIDTH - LEFT - RIGHT) / items.length;
  return items
    .map(([kind, text], index) => {
      const x = round(LEFT + index * step);
      const mark = DOTS.includes(kind)
        ? `<circle class="${kind}" cx="${x + 5}" cy="${height - 7}" r="5"/>`
        : `<rect class="${kind}" x="${x}" y="${height - 12}" width="10" height="10" rx="2"/>`;
      return `${mark}<text class="small" x="${x + 14}" y="${height - 3}">${text}</text>`;
    })
    .join("");
}

/** Four to eight round times. */
function ticks(longestMs: number): number[] {
  const steps = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000];
  const step = steps.find((candidate) => longestMs / candidate <= 8) ?? 1_200_000;
  return Array.from({ length: Math.floor(longestMs / step) + 1 }, (_, index) => index * step);
}

function label(ms: number): string {
  return ms >= 120_000 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
