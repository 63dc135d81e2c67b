import { BUNDLE, resolveBundle } from "@mcp-orchestrator/alerts";
import { dump } from "js-yaml";
import { expect, test } from "vitest";
import { alertmanagerConfigResource } from "../../../deploy/kubernetes/src/notifications.ts";
import { asTheOperatorDoes } from "../../../deploy/kubernetes/test/support/operator.ts";
import { installationOf } from "../installation.ts";
import { routing } from "./routing.ts";
import { checkContext } from "./testing.ts";

const examine = (config: unknown, bundle: object = {}) =>
  routing.examine(
    checkContext({ alertmanager: { status: async () => ({ version: "0.33.1", config: dump(config) }) } }, bundle),
  );
const statuses = async (config: unknown, bundle?: object) =>
  (await examine(config, bundle)).map(({ status }) => status);
const generated = installationOf(resolveBundle({})).notifications;

test("the generated configuration has no problem, alone or merged into another", async () => {
  expect(await statuses(generated)).toEqual(["ok", "ok", "ok"]);
  const { route, inhibit_rules, receivers } = generated;
  const merged = {
    route: {
      receiver: "others",
      routes: [
        { receiver: "others", matchers: ['team="others"'] },
        { matchers: ['service = "mcp-orchestrator"'], ...route },
      ],
    },
    inhibit_rules: [
      { source_matchers: ['severity="critical"'], target_matchers: ['severity="info"'] },
      ...inhibit_rules,
    ],
    receivers: [{ name: "others" }, ...receivers],
  };
  expect(await statuses(merged)).toEqual(["ok", "ok", "ok"]);
});

test("neither has the AlertmanagerConfig as prometheus-operator merges it", async () => {
  const config = asTheOperatorDoes(alertmanagerConfigResource(), BUNDLE.kubernetes.namespace);
  const { namespace } = BUNDLE.kubernetes;
  const installations = BUNDLE.scope.installations.map((one) => ("namespace" in one ? { ...one, namespace } : one));
  const scope = { ...BUNDLE.scope, installations };
  expect(await statuses(config, { ...BUNDLE, scope, deployment: "kubernetes" })).toEqual(["ok", "ok", "ok"]);
});

test("what is missing is named", async () => {
  const { route, inhibit_rules, receivers } = generated;
  const findings = await examine({
    route: { ...route, routes: route.routes?.slice(1) },
    inhibit_rules: inhibit_rules.slice(1),
    receivers: receivers.filter(({ name }) => name !== "pagerduty"),
  });
  expect(findings).toMatchObject([
    { status: "problem", message: "pagerduty are missing" },
    { status: "problem", message: 'missing: alertname="Watchdog" to deadman' },
    { status: "warning", message: expect.stringContaining(`1 of ${inhibit_rules.length} are missing`) },
  ]);
});

test("a hidden configuration is not judged", async () => {
  expect(await statuses({ alertmanager_config: "" })).toEqual(["skipped"]);
});
