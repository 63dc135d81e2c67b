import { expect, test } from "vitest";
import { resolveBundle } from "../../bundle/bundle.ts";
import { buildCatalogue } from "../index.ts";
import { commandsOf, commandText, type Deployment } from "./runbook.ts";

const SCOPE = { labels: ["namespace"], installations: [{ namespace: "orders" }] };

/** The queries of a runbook's command, in an installation. */
function commandOf(alert: string, id: string, config: object, where: Deployment = "native"): string | undefined {
  const alerts = buildCatalogue(resolveBundle(config)).groups.flatMap((group) => group.alerts);
  const { runbook } = alerts.find(({ name }) => name === alert) ?? {};
  const command = runbook && commandsOf(runbook).find((each) => each.id === id);
  return command && commandText(command, where);
}

test("the queries of a runbook ask for the series of its installation", () => {
  const config = { job: "tasks", selector: { env: "prod" }, scope: SCOPE };
  expect(commandOf("NoActiveWorkers", "targets", config)).toBe(
    `prom 'up{job="tasks", env="prod", namespace="orders"}'`,
  );
  expect(commandOf("NoActiveWorkers", "active-workers", config)).toBe(
    `prom 'sum(mcp_active_workers{env="prod", namespace="orders"})'`,
  );
  expect(commandOf("HighConsumerLag", "upstream-errors", config)).toContain(
    `(mcp_upstream_requests_total{outcome!="ok", env="prod", namespace="orders"}[1m])`,
  );
  // What rules record has the name that they give it, and no label but those of the scope.
  expect(commandOf("TypeWithoutWorkers", "active-of-type", config)).not.toMatch(/[^_]type:mcp_active_workers/);
  expect(commandOf("Watchdog", "notifications", config)).toBe(commandOf("Watchdog", "notifications", {}));
});

test("with several installations, the reader names theirs", () => {
  const config = { scope: { ...SCOPE, installations: [...SCOPE.installations, { namespace: "billing" }] } };
  expect(commandOf("NoActiveWorkers", "active-workers", config)).toBe(
    `prom 'sum(mcp_active_workers{namespace="'"$SCOPE_NAMESPACE"'"})'`,
  );
});

test("in a cluster they keep the namespace, which its rules add", () => {
  expect(commandOf("NoActiveWorkers", "active-workers", {}, "kubernetes")).toBe(
    `prom 'sum(mcp_active_workers{namespace="mcp-orchestrator"})'`,
  );
  expect(commandOf("TypeWithoutWorkers", "active-of-type", {}, "kubernetes")).toContain(
    `namespace_type:mcp_active_workers:wanted{namespace="mcp-orchestrator"}`,
  );
});
