import { App, type Config } from "./app.ts";
import type { Dashboard } from "./model.ts";
import { Prometheus } from "./prometheus.ts";
import { applyTheme, currentTheme } from "./theme.ts";
import type { DashboardSummary } from "./toolbar/toolbar.ts";

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
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open], details.panel-details[open]")) {
    if (target === null || !menu.contains(target)) menu.open = false;
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
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return (await response.json()) as T;
}
