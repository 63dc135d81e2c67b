import {
  BUNDLE,
  type Bundle,
  type Deployment,
  PREAMBLES,
  renderCorrections,
  renderRunbooks,
} from "@mcp-orchestrator/alerts";
import { marked } from "marked";
import { escapeHtml, Html, html } from "./html.ts";
import { shell } from "./page.ts";

/** The deployment whose alerts arrive here, and its addresses. */
export type RunbookPlace = {
  readonly deployment: Deployment;
  readonly links: Bundle["links"];
  /** The variables that the commands need to reach that service. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** The bundle's deployment. */
export const BUNDLE_PLACE: RunbookPlace = { deployment: BUNDLE.deployment, links: BUNDLE.links };

/** Another page, which runbooks link to by its path in the repository. */
export const CORRECTIONS_PATH = "/docs/reference/runbook-corrections.md";

/** A runbook as a page, with the commands of a deployment; undefined if the name is unknown. */
export function renderRunbookPage(name: string, place: RunbookPlace): string | undefined {
  const source = renderRunbooks(undefined, place.deployment, place.links).get(name);
  if (source === undefined) return undefined;
  return name.endsWith(".md") ? markdownPage(withEnvironment(source, place)) : source;
}

/** The corrections of the original runbook, as a page. */
export function renderCorrectionsPage(): string {
  return markdownPage(renderCorrections());
}

function withEnvironment(source: string, { deployment, environment = {} }: RunbookPlace): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}="${value}"`);
  if (exports.length === 0) return source;
  return source.replace(PREAMBLES[deployment], (preamble) => [...exports, preamble].join("\n"));
}

function markdownPage(source: string): string {
  const title = /^# (.+)$/m.exec(source)?.[1] ?? "Runbook";
  const body = marked.parse(source.replaceAll(/<!--.*?-->\n?/g, ""), { async: false, renderer: RENDERER });
  return shell(
    title,
    html`<p class="muted"><a href="/">Inbox</a></p><article class="runbook">${new Html(body)}</article>`,
  );
}

const RENDERER = new marked.Renderer();
RENDERER.code = ({ text }) =>
  `<div class="code"><button type="button" class="button copy">Copy</button><pre tabindex="0"><code>${escapeHtml(text)}</code></pre></div>`;
RENDERER.table = (
  (table) => (token) =>
    `<div class="scroll" tabindex="0">${table.call(RENDERER, token)}</div>`
)(RENDERER.table);
