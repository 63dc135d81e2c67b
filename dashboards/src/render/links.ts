import type { Bundle } from "@mcp-orchestrator/alerts";
import type { Annotation } from "../model/annotations.ts";
import { type AlertName, panelAddress, panelIdOf, panelUrl, runbookUrl } from "../model/catalogue.ts";

/** A link of a value in a field's configuration. */
export type DataLink = { readonly title: string; readonly url: string; readonly targetBlank?: true };

/** From an alert to its runbook and its panel. */
export function alertLinks(alert: AlertName, links: Bundle["links"]): DataLink[] {
  return [...runbookLink(runbookUrl(alert, links)), { title: "Panel", url: panelUrl(panelIdOf(alert)) }];
}

/** The same for a table cell with an alert's name, in a row with the number of its panel as `panelField`. */
export function alertCellLinks(panelField: string, links: Bundle["links"]): DataLink[] {
  const { runbooks } = links;
  return [
    // biome-ignore lint/suspicious/noTemplateCurlyInString: variables of Grafana
    ...runbookLink(runbooks === undefined ? undefined : `${runbooks}/${"${__value.raw}"}.md`),
    { title: "Panel", url: panelUrl(`\${__data.fields.${panelField}}`) },
  ];
}

/** The text of an annotation, which Grafana shows as HTML, with the links of its alert. */
export function annotationText({ text, linksTo }: Annotation, { runbooks }: Bundle["links"]): string {
  const link = (title: string, url: string) => `<a href="${url}">${title}</a>`;
  if (linksTo === undefined) return text;
  const runbook = runbooks === undefined ? [] : [link("Runbook", `${runbooks}/{{alertname}}.md`)];
  return [text, ...runbook, link("Panel", panelAddress("{{panel}}"))].join(" ");
}

function runbookLink(url: string | undefined): DataLink[] {
  return url === undefined ? [] : [{ title: "Runbook", url, targetBlank: true }];
}
