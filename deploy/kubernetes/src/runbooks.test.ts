import { ALERTS, commandsOf, commandText, PREAMBLES } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { HTTP_PORT, LABELS, NAME, NAMESPACE } from "./names.ts";
import { SECRETS_PATH, SETTINGS } from "./settings.ts";
import { deployment } from "./workload.ts";

const preamble = PREAMBLES.kubernetes;
const texts = [
  preamble,
  ...ALERTS.flatMap(({ runbook }) => commandsOf(runbook).map((command) => commandText(command, "kubernetes"))),
].join("\n");

test("the runbooks' commands name what the manifests have", () => {
  expect(preamble).toContain(`NAMESPACE=${NAMESPACE} `);
  expect(preamble).toContain(`--url http://127.0.0.1:${HTTP_PORT} `);
  expect(preamble).toContain(`--token-file ${SETTINGS.ADMIN_TOKEN_FILE} `);
  expect(deployment.spec?.template.spec?.containers[0]?.volumeMounts).toContainEqual(
    expect.objectContaining({ mountPath: SECRETS_PATH }),
  );
  expect(new Set(texts.match(/deployment\/[a-z-]+/g))).toEqual(new Set([`deployment/${deployment.metadata?.name}`]));
  expect(new Set(texts.match(/ -l \S+/g))).toEqual(
    new Set([` -l app.kubernetes.io/name=${LABELS["app.kubernetes.io/name"]}`]),
  );
  expect(NAME).toBe(deployment.metadata?.name);
});

test("every kubectl of the runbooks is about the service's namespace", () => {
  const calls = texts.match(/kubectl (?!port-forward)[^|)]*/g) ?? [];
  expect(calls.length).toBeGreaterThan(3);
  expect(calls.filter((call) => !call.startsWith('kubectl -n "$NAMESPACE" '))).toEqual([]);
});

test("no command of the runbooks needs a program of the host that is not one of a cluster's operator", () => {
  expect(texts).not.toMatch(/docker|systemctl|supervisorctl|LOG_FILE/);
});
