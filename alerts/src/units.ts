import { formatDuration } from "./timing.ts";

/** The unit of a threshold. */
export type Unit =
  | "messages"
  | "tasks"
  | "seconds"
  | "ratio"
  | "perSecond"
  | "workers"
  | "replicas"
  | "notifications"
  | "burnRate"
  | "state";

/** A threshold with its unit: `500 messages`, `100 ms`, `1 %`. */
export function formatThreshold(value: number, unit: Unit): string {
  switch (unit) {
    case "seconds":
      return formatDuration(Math.round(value * 1000)).replace(/ms$/, " ms");
    case "ratio":
      return `${round(value * 100)} %`;
    case "perSecond":
      return `${round(value)}/s`;
    case "state":
    case "burnRate":
      return String(value);
    default:
      return `${round(value)} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
  }
}

/** Prometheus template that prints an alert's value with the unit. */
export function valueTemplate(unit: Unit): string {
  switch (unit) {
    case "seconds":
      return "{{ $value | humanizeDuration }}";
    case "ratio":
      return "{{ $value | humanizePercentage }}";
    case "perSecond":
      return '{{ $value | printf "%.2f" }}/s';
    case "state":
      return "{{ $value }}";
    case "burnRate":
      return '{{ $value | printf "%.1f" }}';
    default:
      return `{{ $value | printf "%.0f" }} ${unit}`;
  }
}

function round(value: number): number {
  return Number(value.toPrecision(12));
}
