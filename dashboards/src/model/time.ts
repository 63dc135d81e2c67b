/** Time range of a dashboard that is opened without one. */
export const DEFAULT_RANGE = { from: "now-1h", to: "now" };
/** How often an open dashboard asks again. */
export const REFRESH = "15s";
/** What a viewer can choose instead. */
export const REFRESH_INTERVALS = ["5s", "15s", "30s", "1m", "5m"] as const;
