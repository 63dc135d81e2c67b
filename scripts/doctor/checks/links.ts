import { annotationsOf } from "@mcp-orchestrator/alerts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import type { Installation } from "../installation.ts";
import type { AlertmanagerApi } from "../servers.ts";
import type { Check } from "./check.ts";

type Link = { readonly kind: string; readonly url: string; readonly remedy: string };

/** Checks that the links of alerts open on this machine, which should be where their readers are. */
export const links: Check = {
  title: "Links",
  asks: [],
  async examine({ installation, prometheus, alertmanager, follow }) {
    const all = [...linksOf(installation), ...(await generatorLink(alertmanager))];
    const findings: Finding[] = unconfigured(installation);
    for (const [kind, ofKind] of Map.groupBy(all, (link) => link.kind)) {
      const distinct = [...new Map(ofKind.map((link) => [link.url, link])).values()];
      const outcomes = await Promise.all(distinct.map(async (link) => ({ link, why: await obstacle(link, follow) })));
      const dead = Map.groupBy(outcomes, ({ why }) => why ?? "");
      const open = dead.get("")?.length ?? 0;
      if (open > 0) findings.push(ok(kind, `${open} of ${distinct.length} open`));
      dead.delete("");
      for (const [why, links] of dead)
        findings.push(
          deadLinks(
            kind,
            why,
            links.map(({ link }) => link),
          ),
        );
    }
    findings.push(...ofThisMachine(all, prometheus.url));
    return findings;
  },
};

function linksOf({ alerts, bundle }: Installation): Link[] {
  const pages = alerts.flatMap((alert) => {
    const { runbook_url: runbook, dashboard_url: dashboard } = annotationsOf(alert, bundle);
    return [
      ...(runbook === undefined
        ? []
        : [link("runbooks", runbook, "Serve alerts/generated/runbooks there, or correct `links.runbooks`.")]),
      // Templates stand for labels; the dashboard opens without them too.
      ...(dashboard === undefined
        ? []
        : [link("dashboards", dashboard.replace(/&var-.*$/, ""), "Correct `links.dashboards` in bundle.config.ts.")]),
    ];
  });
  const own = (["alertmanager", "prometheus"] as const).flatMap((name) => {
    const url = bundle.links[name];
    return url === undefined ? [] : [link(name, url, `Correct \`links.${name}\` in bundle.config.ts.`)];
  });
  const service =
    bundle.links.service === undefined
      ? []
      : [link("service", `${bundle.links.service}/healthz`, "Correct `links.service` in bundle.config.ts.")];
  return [...pages, ...own, ...service];
}

const link = (kind: string, url: string, remedy: string): Link => ({ kind, url, remedy });

function unconfigured({ bundle }: Installation): Finding[] {
  return (["runbooks", "dashboards"] as const)
    .filter((name) => bundle.links[name] === undefined)
    .map((name) =>
      warning(
        name,
        "not configured: alerts have no such link",
        `Set \`links.${name}\` in bundle.config.ts and run \`npm run generate\`.`,
      ),
    );
}

/** Prometheus' own address in messages (`--web.external-url`). */
async function generatorLink(alertmanager: AlertmanagerApi): Promise<Link[]> {
  const held = await alertmanager.alerts("Watchdog").catch(() => []);
  return held.flatMap(({ generatorURL }) =>
    generatorURL === ""
      ? []
      : [
          link(
            "source of an alert",
            generatorURL,
            "Start Prometheus with --web.external-url, the address at which people open it.",
          ),
        ],
  );
}

/** Why a link does not open; undefined if it does. */
async function obstacle({ url }: Link, follow: (url: string) => Promise<number>): Promise<string | undefined> {
  try {
    const status = await follow(url);
    // The page requires a login, so it exists.
    return status < 400 || status === 401 || status === 403 ? undefined : `answers ${status}`;
  } catch (error) {
    return `cannot be opened: ${reason(error)}`;
  }
}

function deadLinks(kind: string, why: string, links: readonly Link[]): Finding {
  const [first, ...others] = links;
  const more = others.length === 0 ? "" : `, and so do ${others.length} more`;
  return problem(kind, `${first?.url} ${why}${more}`, first?.remedy ?? "");
}

/** A loopback address works only for a reader on the same machine. */
function ofThisMachine(links: readonly Link[], prometheus: string): Finding[] {
  if (isLoopback(prometheus)) return [];
  const kinds = new Set(links.filter(({ url }) => isLoopback(url)).map(({ kind }) => kind));
  return [...kinds].map((kind) =>
    problem(
      kind,
      "they link to the reader's own machine",
      "Set addresses under `links` in bundle.config.ts that open for every receiver of alerts, and run `npm run generate`.",
    ),
  );
}

const isLoopback = (url: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);

/** The error of fetch has the reason in its cause. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
