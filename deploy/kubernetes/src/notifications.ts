import { basename } from "node:path";
import { AlertmanagerConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1";
import {
  type AlertmanagerEndpoints,
  accountEndpoints,
  alertmanagerConfig,
  type Route,
  readTemplates,
  TEMPLATES_FOLDER,
  withDefinitions,
} from "@mcp-orchestrator/alertmanager";
import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { camelCase } from "change-case";
import * as keys from "change-case/keys";
import { CLUSTER_BUNDLE } from "./bundle.ts";
import { LABELS, NAME, NOTIFICATION_SECRET } from "./names.ts";

/** The same as on a single machine, with the dead man's switch in the secret too. */
const ENDPOINTS: AlertmanagerEndpoints = {
  ...accountEndpoints(CLUSTER_BUNDLE),
  deadman: { urlFile: "/etc/alertmanager/secrets/deadman-url" },
};

const MATCHER = /^(\w+)(=~|!~|!=|=)"(.*)"$/;

/** Routing, receivers and inhibitions as an AlertmanagerConfig; secrets are keys of one Secret. */
export function alertmanagerConfigResource(): AlertmanagerConfig {
  const config = alertmanagerConfig(PRODUCTION, ENDPOINTS, CLUSTER_BUNDLE);
  return new AlertmanagerConfig({
    metadata: { name: NAME, labels: { ...LABELS, ...CLUSTER_BUNDLE.kubernetes.notificationLabels } },
    spec: {
      route: route(config.route),
      inhibitRules: config.inhibit_rules.map((rule) => ({
        sourceMatch: rule.source_matchers.map(matcher),
        targetMatch: rule.target_matchers.map(matcher),
        equal: [...rule.equal],
      })),
      receivers: config.receivers.map(({ name, ...kinds }) => ({ name, ...receiverKinds(kinds) })),
    },
  });
}

const templates = readTemplates(TEMPLATES_FOLDER);

/** An AlertmanagerConfig cannot name template files, so each text has its definitions. */
function withTemplates(value: unknown): unknown {
  if (typeof value === "string") return value.includes("{{ template") ? withDefinitions(value, templates) : value;
  if (Array.isArray(value)) return value.map(withTemplates);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withTemplates(inner)]));
}

/** Keys of the Secret of the notifications. */
export function notificationSecretKeys(): string[] {
  const text = JSON.stringify(alertmanagerConfigResource().spec);
  const keys = [...text.matchAll(new RegExp(`"name":"${NOTIFICATION_SECRET}","key":"([\\w-]+)"`, "g"))];
  return [...new Set(keys.map((match) => match[1] ?? ""))].toSorted();
}

function route({ routes, matchers, group_by, ...rest }: Route): Record<string, unknown> & { receiver: string } {
  return {
    ...(keys.camelCase(rest, Number.POSITIVE_INFINITY) as { receiver: string }),
    ...(group_by === undefined ? {} : { groupBy: [...group_by] }),
    ...(matchers === undefined ? {} : { matchers: matchers.map(matcher) }),
    ...(routes === undefined ? {} : { routes: routes.map(route) }),
  };
}

function matcher(text: string) {
  const [, name = "", matchType = "=", value = ""] = MATCHER.exec(text) ?? [];
  return { name, matchType: matchType as "=" | "!=" | "=~" | "!~", value };
}

function receiverKinds(kinds: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, configs]) => [
      camelCase(kind),
      (withTemplates(configs) as Record<string, unknown>[]).map(receiver),
    ]),
  );
}

/** Files of secrets become keys of the Secret; the operator names some fields differently. */
function receiver(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      switch (key) {
        case "api_url_file":
          return ["apiURL", secretKey(value)];
        case "routing_key_file":
          return ["routingKey", secretKey(value)];
        case "url_file":
          return ["urlSecret", secretKey(value)];
        case "client_url":
          return ["clientURL", value];
        case "details":
          return ["details", Object.entries(value as object).map(([name, text]) => ({ key: name, value: text }))];
        case "links":
          return [
            "pagerDutyLinkConfigs",
            (value as { href: string; text: string }[]).map(({ href, text }) => ({ href, alt: text })),
          ];
        default:
          return [camelCase(key), keys.camelCase(value, Number.POSITIVE_INFINITY)];
      }
    }),
  );
}

function secretKey(file: unknown): { name: string; key: string } {
  return { name: NOTIFICATION_SECRET, key: basename(String(file)) };
}
