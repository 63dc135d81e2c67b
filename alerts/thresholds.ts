/**
 * Your thresholds. Name an alert and give it a number, in the unit of the catalogue (ratios as 0.02 for 2 %, latencies
 * in seconds), then run `npm run generate`: rules, dashboards and runbooks follow.
 *
 *     export const THRESHOLD_OVERRIDES = { QueueDepthSpike: 2000, ExpressLatencyHigh: 0.25 };
 *
 * A latency threshold must be a bucket bound of the histogram (TASK_LATENCY_BUCKETS_SECONDS in the metric contract).
 */
export const THRESHOLD_OVERRIDES: Readonly<Record<string, number>> = {};
