import { formatDuration } from "./timing.ts";

/** What a threshold counts. */
export type Unit = "messages" | "tasks" | "seconds" | "ratio" | "perSecond" | "workers" | "state";

/** A threshold as a person reads it: `500 messages`, `100 ms`, `1 %`. */
export function formatThreshold(value: number, unit: Unit): string {
  switch (unit) {
    case "seconds":
      return formatDuration(Math.round(value * 1000)).replace(/ms$/, " ms");
    case "ratio":
      return `${round(value * 100)} %`;
    case "perSecond":
      return `${round(value)}/s`;
    case "state":
      return String(value);
    default:
      return `${round(value)} ${unit}`;
  }
}

/** Prometheus template that prints an alert's value in that unit. */
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
    default:
      return `{{ $value | printf "%.0f" }} ${unit}`;
  }
}

function round(value: number): number {
  return Number(value.toPrecision(12));
}
