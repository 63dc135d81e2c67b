/** The targets. Most are ratios within one run. */
export const TARGETS = {
  process1: { what: "process, 1 worker process, against BullMQ at its best concurrency", atLeast: 5, unit: "x" },
  process6: { what: "process, 6 worker processes, against BullMQ at its best concurrency", atLeast: 4, unit: "x" },
  bare: { what: "process against the bare ioredis loop", atLeast: 60, unit: "%" },
  enqueue: { what: "enqueue in batches of 1,000 against addBulk", atLeast: 4, unit: "x" },
  latency: { what: "p99 enqueue-to-result at 2,000/s against BullMQ", atMost: 0.5, unit: "x" },
  bytes: { what: "Redis bytes per queued task against BullMQ", atMost: 0.5, unit: "x" },
  observing: { what: "throughput with metrics on against off", atLeast: 97, unit: "%" },
  express: { what: "express p99 while 100,000 regular tasks wait against the express p99 alone", atMost: 2, unit: "x" },
  scrape: { what: "/metrics p99 while draining", atMost: 20, unit: "ms" },
  idle: { what: "idle CPU of the whole service", atMost: 1, unit: "% of a core" },
} as const satisfies Record<string, Target>;

export type TargetId = keyof typeof TARGETS;

type Target = { readonly what: string; readonly unit: string } & (
  | { readonly atLeast: number }
  | { readonly atMost: number }
);

/** A target with the measured value. */
export type Verdict = {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly reached: boolean;
};

/** Compares measured values with their targets. Omits targets that were not measured. */
export function judge(measured: Partial<Record<TargetId, number>>): Verdict[] {
  return (Object.entries(TARGETS) as [TargetId, Target][]).flatMap(([id, target]) => {
    const value = measured[id];
    if (value === undefined) return [];
    const [sign, limit, reached] =
      "atLeast" in target
        ? ["≥", target.atLeast, value >= target.atLeast]
        : ["≤", target.atMost, value <= target.atMost];
    return [
      {
        what: target.what,
        limit: `${sign} ${limit} ${target.unit}`,
        measured: `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${target.unit}`,
        reached,
      },
    ];
  });
}
