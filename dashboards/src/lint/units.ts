/** Grafana's ids of the units that panels here may use; a unit outside this list is shown as plain text. */
export const GRAFANA_UNITS: readonly string[] = [
  "none",
  "short",
  "percent",
  "percentunit",
  "bytes",
  "decbytes",
  "s",
  "ms",
  "ops",
  "reqps",
  "cps",
  "hertz",
  "bool",
  "bool_on_off",
  "bool_yes_no",
];
