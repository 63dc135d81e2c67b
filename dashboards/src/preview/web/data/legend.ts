/** Labels of a series. */
export type Labels = Readonly<Record<string, string>>;

/** The name of a series: its legend, or its labels without one. */
export function seriesName(legend: string | undefined, labels: Labels): string {
  if (legend !== undefined && legend !== "") {
    return legend.replaceAll(/\{\{ *(\w+) *\}\}/g, (_, label: string) => labels[label] ?? "").trim();
  }
  const { __name__: name = "", ...others } = labels;
  const pairs = Object.entries(others).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(", ")}}`;
}
