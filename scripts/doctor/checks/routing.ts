import type { AlertmanagerConfig, Route } from "@mcp-orchestrator/alertmanager";
import { load } from "js-yaml";
import { z } from "zod";
import { type Finding, ok, problem, skipped, warning } from "../finding.ts";
import type { Check } from "./check.ts";

const texts = z.array(z.string()).default([]);
const loadedRoute = z.object({
  receiver: z.string().optional(),
  matchers: texts,
  get routes() {
    return z.array(loadedRoute).default([]);
  },
});
const loadedConfig = z.object({
  route: loadedRoute,
  inhibit_rules: z.array(z.object({ source_matchers: texts, target_matchers: texts, equal: texts })).default([]),
  receivers: z.array(z.object({ name: z.string() })).default([]),
});
type LoadedConfig = z.output<typeof loadedConfig>;
type LoadedRoute = z.output<typeof loadedRoute>;

/** Checks that Alertmanager has the generated receivers, routes and inhibitions; it may have others. */
export const routing: Check = {
  title: "Routing",
  asks: ["alertmanager"],
  async examine({ alertmanager, installation }) {
    const { config } = await alertmanager.status();
    const loaded = loadedConfig.safeParse(load(config));
    if (!loaded.success) return [skipped("configuration", "this Alertmanager does not show its configuration")];
    return compareRouting(installation.notifications, loaded.data, installation.apply.notifications);
  },
};

/** Name of a receiver without prometheus-operator's prefix. */
export function receiverName(name: string): string {
  return name.split("/").at(-1) ?? name;
}

/** The parts of the generated configuration that the loaded one lacks. */
function compareRouting(
  expected: Pick<AlertmanagerConfig, "route" | "inhibit_rules" | "receivers">,
  loaded: LoadedConfig,
  remedy: string,
): Finding[] {
  const receivers = new Set(loaded.receivers.map(({ name }) => receiverName(name)));
  const routes = new Set(routesBelow(loaded.route).map(routeKey));
  const inhibitions = new Set(loaded.inhibit_rules.map(inhibitionKey));
  const lacking = {
    receivers: expected.receivers.map(({ name }) => name).filter((name) => !receivers.has(name)),
    routes: (expected.route.routes ?? []).map(generatedRouteKey).filter((key) => !routes.has(key)),
    inhibitions: expected.inhibit_rules.filter((rule) => !inhibitions.has(inhibitionKey(rule))),
  };
  return [
    lacking.receivers.length === 0
      ? ok("receivers", expected.receivers.map(({ name }) => name).join(", "))
      : problem("receivers", `${lacking.receivers.join(", ")} are missing`, remedy),
    lacking.routes.length === 0
      ? ok("routes", `${expected.route.routes?.length ?? 0}, as generated`)
      : problem("routes", `missing: ${lacking.routes.join("; ")}`, remedy),
    lacking.inhibitions.length === 0
      ? ok("inhibitions", `${expected.inhibit_rules.length}, as generated`)
      : warning(
          "inhibitions",
          `${lacking.inhibitions.length} of ${expected.inhibit_rules.length} are missing, by ${lacking.inhibitions
            .flatMap(({ source_matchers }) => source_matchers)
            .join(", ")}: one outage sends several messages`,
          remedy,
        ),
  ];
}

function routesBelow(route: LoadedRoute): LoadedRoute[] {
  return route.routes.flatMap((child) => [child, ...routesBelow(child)]);
}

const canonical = (matchers: readonly string[]) =>
  matchers
    .map((matcher) => matcher.replaceAll(/\s*(=~|!~|!=|=)\s*/g, "$1"))
    // The operator adds it to every matcher.
    .filter((matcher) => !matcher.startsWith("namespace="))
    .toSorted()
    .join(", ");
const generatedRouteKey = ({ receiver, matchers = [] }: Route) => `${canonical(matchers)} to ${receiver}`;
const routeKey = ({ receiver = "", matchers }: LoadedRoute) => `${canonical(matchers)} to ${receiverName(receiver)}`;
const inhibitionKey = (rule: AlertmanagerConfig["inhibit_rules"][number]) =>
  [canonical(rule.source_matchers), canonical(rule.target_matchers), [...rule.equal].toSorted().join()].join(" / ");
