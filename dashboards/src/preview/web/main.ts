import type { Dashboard } from "./data/model.ts";
import { Prometheus } from "./data/prometheus.ts";
import { App, type Config } from "./page/app.ts";
import { applyTheme, currentTheme } from "./page/theme.ts";
import type { DashboardSummary } from "./page/toolbar.ts";

applyTheme(currentTheme());

const [config, dashboards] = await Promise.all([
  json<Config>("/api/config"),
  json<DashboardSummary[]>("/api/dashboards"),
]);
const app = new App({
  prometheus: new Prometheus("/api/prometheus"),
  config,
  dashboards,
  loadDashboard: (uid) => json<Dashboard>(`/api/dashboards/${uid}`),
});

addEventListener("popstate", () => void app.open());
addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  for (const details of document.querySelectorAll<HTMLDetailsElement>("details.panel-details[open]")) {
    if (target === null || !details.contains(target)) details.open = false;
  }
  const link = target?.closest<HTMLAnchorElement>("a[data-navigate]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void app.navigate(link.href);
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector<HTMLAnchorElement>(".focused .panel-tool.focus")?.click();
});

await app.open();

async function json<T>(path: string): Promise<T> {
  const response = await fetch(path);
  const answer = (await response.json()) as T & { detail?: string };
  if (!response.ok) throw new Error(answer.detail ?? `${path} answered ${response.status}`);
  return answer;
}
