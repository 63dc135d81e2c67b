import { h } from "./dom.ts";
import type { Field } from "./field/fieldConfig.ts";

/** A text followed by the links of its field; a link to another dashboard keeps time and variables. */
export function linkList(
  text: string,
  { links = [] }: Field,
  values: Readonly<Record<string, unknown>>,
): (Node | string)[] {
  const [first, ...others] = links.map(({ title, url }) => ({ title, href: filled(url, values) }));
  if (first === undefined) return [text];
  return [anchor(text, first), ...others.flatMap((link) => [" ", anchor(link.title, link, "value-link more")])];
}

function anchor(text: string, { title, href }: { title: string; href: string }, className = "value-link"): HTMLElement {
  const inside = href.startsWith("/");
  return h(
    "a",
    { href, title, className, ...(inside ? { data: { navigate: "" } } : { target: "_blank", rel: "noreferrer" }) },
    text,
  );
}

/** Grafana's variables in a link: of the value, the time range and the dashboard. */
function filled(url: string, values: Readonly<Record<string, unknown>>): string {
  const page = new URLSearchParams(location.search);
  page.delete("viewPanel");
  return url.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name === "__url_time_range") return String(page);
    return encodeURIComponent(String(values[name] ?? ""));
  });
}
