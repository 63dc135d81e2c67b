/** A number in a Grafana unit as a person reads it: `1.5 s`, `12.3 %`, `4.2 K`. */
export function formatValue(value: number | null | undefined, unit = "short", decimals?: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  switch (unit) {
    case "percentunit":
      return `${digits(value * 100, decimals ?? 1)} %`;
    case "percent":
      return `${digits(value, decimals ?? 1)} %`;
    case "s":
      return seconds(value, decimals);
    case "bytes":
      return scaled(value, BINARY, decimals);
    case "bool_on_off":
      return value === 0 ? "off" : "on";
    default:
      return `${scaled(value, DECIMAL, decimals)}${RATES[unit] ?? ""}`;
  }
}

const RATES: Readonly<Record<string, string>> = { ops: " /s", reqps: " /s", cps: " /s" };

type Scale = readonly { readonly factor: number; readonly suffix: string }[];

const DECIMAL: Scale = [
  { factor: 1e9, suffix: " G" },
  { factor: 1e6, suffix: " M" },
  { factor: 1e3, suffix: " K" },
  { factor: 1, suffix: "" },
];

const BINARY: Scale = [
  { factor: 1024 ** 3, suffix: " GiB" },
  { factor: 1024 ** 2, suffix: " MiB" },
  { factor: 1024, suffix: " KiB" },
  { factor: 1, suffix: " B" },
];

const TIME: Scale = [
  { factor: 86_400, suffix: " d" },
  { factor: 3_600, suffix: " h" },
  { factor: 60, suffix: " min" },
  { factor: 1, suffix: " s" },
  { factor: 1e-3, suffix: " ms" },
  { factor: 1e-6, suffix: " µs" },
];

function seconds(value: number, decimals?: number): string {
  return value === 0 ? "0 s" : scaled(value, TIME, decimals);
}

function scaled(value: number, scale: Scale, decimals?: number): string {
  const size = Math.abs(value);
  const smallest = scale.at(-1) ?? { factor: 1, suffix: "" };
  const { factor, suffix } = scale.find((step) => size >= step.factor) ?? smallest;
  return `${digits(value / factor, factor === 1 ? decimals : undefined)}${suffix}`;
}

/** Three significant digits, or as many decimals as asked for; no trailing zeros. */
function digits(value: number, decimals?: number): string {
  const rounded = decimals === undefined ? Number(value.toPrecision(3)) : Number(value.toFixed(decimals));
  return rounded.toLocaleString("en", { maximumFractionDigits: 6, useGrouping: false });
}
