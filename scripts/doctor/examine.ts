import type { Check, CheckContext, ServerName } from "./checks/check.ts";
import { dashboards } from "./checks/dashboards.ts";
import { links } from "./checks/links.ts";
import { releases } from "./checks/releases.ts";
import { routing } from "./checks/routing.ts";
import { rules } from "./checks/rules.ts";
import { series } from "./checks/series.ts";
import { targets } from "./checks/targets.ts";
import { watchdog } from "./checks/watchdog.ts";
import { type Finding, problem, skipped } from "./finding.ts";

/** In the order of the data flow: a finding explains the later ones. */
export const CHECKS: readonly Check[] = [releases, targets, series, rules, watchdog, routing, links, dashboards];

/** The findings of one check. */
export type Section = { readonly title: string; readonly findings: readonly Finding[] };

/** Runs every check. One whose server does not answer is reported, and the others continue. */
export async function examine(context: CheckContext): Promise<Section[]> {
  const silent = await silentServers(context);
  const sections: Section[] = [];
  if (silent.size > 0) sections.push({ title: "Reachable", findings: [...silent.values()] });
  for (const check of CHECKS) {
    const missing = check.asks.filter((name) => silent.has(name));
    const findings =
      missing.length > 0
        ? [skipped("not looked at", `${missing.join(" and ")} cannot be asked`)]
        : await check.examine(context).catch((error: unknown) => [unanswered(check.title, error)]);
    if (findings.length > 0) sections.push({ title: check.title, findings });
  }
  return sections;
}

async function silentServers({ prometheus, alertmanager, grafana }: CheckContext): Promise<Map<ServerName, Finding>> {
  const greetings: Readonly<Record<ServerName, () => Promise<unknown>>> = {
    prometheus: () => prometheus.time(),
    alertmanager: () => alertmanager.status(),
    grafana: () => grafana?.version() ?? Promise.resolve(),
  };
  const silent = new Map<ServerName, Finding>();
  for (const [name, greet] of Object.entries(greetings) as [ServerName, () => Promise<unknown>][]) {
    await greet().catch((error: unknown) => silent.set(name, unanswered(name, error)));
  }
  return silent;
}

function unanswered(subject: string, error: unknown): Finding {
  const message = error instanceof Error && error.message !== "" ? error.message : String(error);
  return problem(
    subject,
    `does not answer: ${message}`,
    "Check the address, and that the server runs; --help lists the options.",
  );
}
