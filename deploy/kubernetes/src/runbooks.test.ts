import { ALERTS, commandsOf, commandText, PREAMBLES } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { HTTP_PORT, LABELS, NAME, NAMESPACE } from "./names.ts";
import { SECRETS_PATH, SETTINGS } from "./settings.ts";
import { deployment } from "./workload.ts";

const preamble = PREAMBLES.kubernetes;
const commands = ALERTS.flatMap(({ runbook }) => commandsOf(runbook));
/** Prometheus, Alertmanager and Redis are not part of the manifests, and run in any namespace. */
const isOfOthers = ({ id }: { id: string }) => id.startsWith("alerting-") || id === "redis-start";
const textOf = (some: typeof commands) => some.map((command) => commandText(command, "kubernetes"));
const texts = [preamble, ...textOf(commands.filter((command) => !isOfOthers(command)))].join("\n");

test("the runbooks' commands name objects of the manifests", () => {
  expect(preamble).toContain(`NAMESPACE=${NAMESPACE} `);
  expect(preamble).toContain(`--url http://127.0.0.1:${HTTP_PORT} `);
  expect(preamble).toContain(`--token-file ${SETTINGS.ADMIN_TOKEN_FILE} `);
  expect(preamble).toContain(` REDIS_USERNAME=${SETTINGS.REDIS_USERNAME}\n`);
  expect(deployment.spec?.template.spec?.containers[0]?.volumeMounts).toContainEqual(
    expect.objectContaining({ mountPath: SECRETS_PATH }),
  );
  expect(new Set(texts.match(/deployment\/[a-z-]+/g))).toEqual(new Set([`deployment/${deployment.metadata?.name}`]));
  expect(new Set(texts.match(/ -l \S+/g))).toEqual(
    new Set([` -l app.kubernetes.io/name=${LABELS["app.kubernetes.io/name"]}`]),
  );
  expect(NAME).toBe(deployment.metadata?.name);
});

test("every kubectl of the runbooks uses the service's namespace", () => {
  const calls = texts.match(/kubectl [^|)&]*/g) ?? [];
  expect(calls.length).toBeGreaterThan(3);
  // The servers of the Prometheus operator have one of their own.
  const own = calls.filter((call) => !call.includes("MONITORING_NAMESPACE"));
  expect(own.filter((call) => !call.startsWith('kubectl -n "$NAMESPACE" '))).toEqual([]);
});

test("commands for what is not in the manifests look in every namespace", () => {
  const others = textOf(commands.filter(isOfOthers)).map((text) => text.split("\n")[0]);
  expect(others.length).toBeGreaterThan(1);
  for (const text of others) {
    expect(text).toMatch(/^kubectl get (pods|prometheuses,alertmanagers) --all-namespaces/);
  }
});

test("commands of the runbooks need only programs that a cluster operator has", () => {
  expect([texts, ...textOf(commands)].join("\n")).not.toMatch(/docker|systemctl|supervisorctl|LOG_FILE/);
});
