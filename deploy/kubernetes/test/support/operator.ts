import type { AlertmanagerConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1";
import { snakeCase } from "change-case";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type Fields = { readonly [key: string]: Json };
type Matcher = { readonly name: string; readonly matchType: string; readonly value: string };

/** Names that differ in more than upper and lower case. */
const NAMES: Readonly<Record<string, string>> = {
  urlSecret: "url",
  pagerDutyLinkConfigs: "links",
};

/** In place of each value of a Secret. */
export const SECRET_VALUE = "http://secret.example";

/**
 * An AlertmanagerConfig as prometheus-operator merges it into a cluster's configuration: below the root route, for the
 * alerts of its namespace, with its name in the names of the receivers.
 */
export function asTheOperatorDoes(resource: AlertmanagerConfig, namespace: string) {
  const spec = JSON.parse(JSON.stringify(resource.spec)) as {
    route: Fields;
    inhibitRules: { sourceMatch: Matcher[]; targetMatch: Matcher[]; equal: string[] }[];
    receivers: ({ name: string } & Fields)[];
  };
  const own = `${namespace}/${resource.metadata?.name}/`;
  const ofNamespace = `namespace="${namespace}"`;
  const route = routeOf(spec.route, own);
  return {
    route: {
      receiver: "the-cluster's-own",
      routes: [
        { ...route, matchers: [ofNamespace, ...((route.matchers as string[] | undefined) ?? [])], continue: true },
      ],
    },
    inhibit_rules: spec.inhibitRules.map(({ sourceMatch, targetMatch, equal }) => ({
      source_matchers: [ofNamespace, ...sourceMatch.map(matcherOf)],
      target_matchers: [ofNamespace, ...targetMatch.map(matcherOf)],
      equal,
    })),
    receivers: [
      { name: "the-cluster's-own" },
      ...spec.receivers.map(({ name, ...kinds }) => ({ name: `${own}${name}`, ...plainFields(kinds) })),
    ],
  };
}

function routeOf(route: Fields, own: string): Record<string, unknown> {
  const { receiver, matchers, routes, ...rest } = route;
  return {
    receiver: `${own}${receiver}`,
    ...plainFields(rest),
    ...(matchers === undefined ? {} : { matchers: (matchers as unknown as Matcher[]).map(matcherOf) }),
    ...(routes === undefined ? {} : { routes: (routes as Fields[]).map((child) => routeOf(child, own)) }),
  };
}

const matcherOf = ({ name, matchType, value }: Matcher) => `${name}${matchType}"${value}"`;

function plainFields(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const name = NAMES[key] ?? snakeCase(key);
      if (key === "details") {
        return [name, Object.fromEntries((value as Fields[]).map((pair) => [pair.key, pair.value]))];
      }
      if (key === "pagerDutyLinkConfigs") {
        return [name, (value as Fields[]).map(({ href, alt }) => ({ href, text: alt }))];
      }
      return [name, plainValue(value)];
    }),
  );
}

function plainValue(value: Json): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Fields;
  // Values of a Secret are written into the configuration.
  if (Object.keys(fields).sort().join() === "key,name") return SECRET_VALUE;
  return plainFields(fields);
}
