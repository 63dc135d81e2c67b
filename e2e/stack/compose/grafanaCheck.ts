import { PRODUCTION } from "@mcp-orchestrator/alerts";
import {
  askPrometheus,
  DASHBOARDS,
  DATA_SOURCE_UID,
  type QueryResult,
  renderClassic,
  reportPanels,
} from "@mcp-orchestrator/dashboards";
import { until } from "../../testkit/until.ts";
import { GrafanaClient, type GrafanaDashboard } from "../clients/grafana.ts";
import type { ComposeProject } from "./project.ts";

/** Time for at least two scrapes. */
const PATIENCE_MS = 60_000;
const RANGE_MS = 300_000;

/** What Grafana does wrong, one line each. */
export type GrafanaFindings = {
  readonly missing: readonly string[];
  /** Queries that Prometheus itself answers. */
  readonly asked: number;
};

/**
 * Checks the Grafana of a compose project: an anonymous visitor finds every dashboard; the generated files can be
 * imported and keep their queries; each query that Prometheus answers is answered through Grafana too.
 */
export async function askGrafana(project: ComposeProject, prometheusUrl: string): Promise<GrafanaFindings> {
  const url = await project.url("grafana", 3000);
  const password = await project.compose("exec", "-T", "grafana", "cat", "/credentials/admin-password");
  const admin = new GrafanaClient(url, { user: "admin", password });
  const visitor = new GrafanaClient(url);
  const missing: string[] = [];
  for (const spec of DASHBOARDS) {
    const { meta } = await visitor.dashboard(spec.uid);
    if (!meta.provisioned) missing.push(`${spec.uid} is not provisioned`);
    const model = JSON.parse(renderClassic(spec)) as GrafanaDashboard["dashboard"];
    // The provisioned dashboard cannot be overwritten.
    const uid = await admin.importDashboard({ ...model, uid: `${spec.uid}-copy`, title: `${spec.title} (copy)` });
    const copy = queriesIn((await admin.dashboard(uid)).dashboard);
    missing.push(...queriesIn(model).filter((query) => !copy.includes(query)));
  }
  const direct = await until("numbers in Prometheus", { timeoutMs: PATIENCE_MS, intervalMs: 2_000 }, async () => {
    const nowMs = Date.now();
    const results = await reportPanels({ ...range(nowMs), ask: askPrometheus(prometheusUrl) });
    const answered = results.filter(({ samples }) => samples > 0);
    if (answered.length < results.length / 2) throw new Error(`${answered.length} of ${results.length} have numbers`);
    return { nowMs, answered };
  });
  const through = await reportPanels({
    ...range(direct.nowMs),
    ask: (query, asked) => visitor.query(DATA_SOURCE_UID, query, asked),
  });
  const answers = new Map(through.map((result) => [name(result), result]));
  for (const result of direct.answered) {
    const answer = answers.get(name(result));
    if (answer === undefined || answer.error !== undefined || answer.samples === 0) {
      missing.push(`${name(result)}: ${answer?.error ?? "no numbers"}`);
    }
  }
  return { missing, asked: direct.answered.length };
}

const range = (nowMs: number) => ({
  nowMs,
  rangeMs: RANGE_MS,
  scrapeIntervalMs: PRODUCTION.prometheus.scrapeIntervalMs,
});

const name = ({ dashboard, panel, query }: QueryResult) => `${dashboard} ${panel}: ${query}`;

function queriesIn({ panels }: GrafanaDashboard["dashboard"]): string[] {
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ refId, expr }) => `${title} ${refId}: ${expr}`));
}
