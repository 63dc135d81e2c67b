import { runbookUrl } from "./catalogue.ts";
import type { PanelSpec } from "./panel.ts";

/** A panel's description in Markdown: what it shows, what good looks like, which runbook to open. */
export function describe(panel: PanelSpec): string {
  const runbooks = panel.runbooks.map((alert) => `[${alert}](${runbookUrl(alert)})`).join(", ");
  return `${panel.meaning}\n\n**Good:** ${panel.good}\n\n**Runbook:** ${runbooks}`;
}
