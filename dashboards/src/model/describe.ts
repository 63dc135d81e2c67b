import type { Bundle } from "@mcp-orchestrator/alerts";
import { runbookUrl } from "./catalogue.ts";
import type { PanelSpec } from "./panel.ts";

/** A panel's description in Markdown: what it shows, what good looks like, which runbook to open. */
export function describe(panel: PanelSpec, links: Bundle["links"]): string {
  const named = panel.runbooks.map((alert) => {
    const url = runbookUrl(alert, links);
    return url === undefined ? alert : `[${alert}](${url})`;
  });
  const runbooks = named.join(", ");
  return `${panel.meaning}\n\n**Good:** ${panel.good}\n\n**Runbook:** ${runbooks}`;
}
