/** A number with a Grafana unit, in Grafana's notation; a test compares both. */
export function formatValue(value: number, unit = "short", decimals?: number): string {
  const count = COUNTS[unit];
  if (count !== undefined) return scaled(value, 1000, ["", "K", "M", "B", "T"], decimals, ` ${count}`);
  switch (unit) {
    case "percentunit":
      return `${fixed(value * 100, decimals)}%`;
    case "s":
      return seconds(value, decimals);
    case "bytes":
      return scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB"], decimals);
    case "bool_on_off":
      return value === 0 ? "Off" : "On";
    default:
      return scaled(value, 1000, ["", " K", " Mil", " Bil", " Tri"], decimals);
  }
}

const COUNTS: Readonly<Record<string, string>> = { ops: "ops/s", reqps: "req/s", cps: "c/s" };

/** Units by size, the largest first; those of more than a minute have a plural. */
const TIMES = [
  { from: 31_536_000, factor: 31_556_900, name: "year" },
  { from: 604_800, factor: 604_800, name: "week" },
  { from: 86_400, factor: 86_400, name: "day" },
  { from: 3_600, factor: 3_600, name: "hour" },
  { from: 60, factor: 60, name: "min" },
  { from: 1, factor: 1, name: "s" },
  { from: 1e-3, factor: 1e-3, name: "ms" },
  { from: 1e-6, factor: 1e-6, name: "µs" },
  { from: 0, factor: 1e-9, name: "ns" },
] as const;

function seconds(value: number, decimals?: number): string {
  if (value === 0) return "0 s";
  const { factor, name } = TIMES.find(({ from }) => Math.abs(value) >= from) ?? TIMES[5];
  // Grafana multiplies if that is exact.
  const size = factor < 1 ? value * Math.round(1 / factor) : value / factor;
  return `${fixed(size, decimals)} ${name}${factor >= 60 && Math.abs(size) > 1 ? "s" : ""}`;
}

function scaled(value: number, base: number, suffixes: readonly string[], decimals?: number, unit = ""): string {
  if (!Number.isFinite(value)) return value.toLocaleString();
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) / Math.log10(base));
  const index = Math.min(Math.max(magnitude, 0), suffixes.length - 1);
  return `${fixed(value / base ** index, decimals)}${suffixes[index]}${unit}`;
}

/** As many decimals as requested, or as the size of the number needs. */
function fixed(value: number, decimals = decimalsFor(value)): string {
  if (!Number.isFinite(value)) return value.toLocaleString();
  const factor = 10 ** decimals;
  const text = String(Math.round(value * factor) / factor);
  const [whole = "", part = ""] = text.split(".");
  return decimals === 0 || text.includes("e") ? text : `${whole}.${part.padEnd(decimals, "0")}`;
}

function decimalsFor(value: number): number {
  if (value % 1 === 0) return 0;
  const decimals = 1 - Math.floor(Math.log(Math.abs(value)) / Math.LN10);
  const leading = Math.abs(value) / 10 ** -decimals;
  return Math.max(0, leading > 2.25 ? decimals + 1 : decimals);
}
