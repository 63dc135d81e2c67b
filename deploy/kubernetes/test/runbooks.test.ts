import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALERTS, commandsOf, commandText, PREAMBLES, QUEUE_OF_LABELS } from "@mcp-orchestrator/alerts";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kubectl } from "./support/kustomize.ts";

/**
 * The commands for a cluster, run by bash and a real kubectl up to the API server, which does not answer: kubectl accepts
 * each of them. Unit tests compare the names in them with the manifests.
 */

const texts = ALERTS.flatMap(({ runbook }) => commandsOf(runbook)).map((command) => commandText(command, "kubernetes"));
const FORWARDS = PREAMBLES.kubernetes.includes("forward() {") ? ["forward; wait"] : [];
const COMMANDS = [...new Set(texts)].filter((text) => /\b(kubectl|mcp-orchestrator) /.test(text)).concat(FORWARDS);
/** Nothing listens there. */
const server = "http://127.0.0.1:1";
const UNREACHABLE = /connection to the server .* was refused|connect(ex)?: connection refused/;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kubectl-"));
  writeFileSync(join(folder, "kubectl"), `#!/bin/sh\nPATH="$ORIGINAL_PATH" exec ${kubectl()} "$@"\n`, { mode: 0o755 });
  const named = <T>(kind: string, value: T) => [{ name: "none", [kind]: value }];
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "none" },
    clusters: named("cluster", { server }),
    users: named("user", {}),
    contexts: named("context", { cluster: "none", user: "none" }),
  };
  writeFileSync(join(folder, "config"), dump(config));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there are commands for a cluster", () => expect(COMMANDS.length).toBeGreaterThan(10));

test.each(COMMANDS)("kubectl accepts %s", async (text) => {
  const environment = {
    PATH: `${folder}:${process.env.PATH}`,
    ORIGINAL_PATH: process.env.PATH,
    HOME: folder,
    KUBECONFIG: join(folder, "config"),
  };
  const labels = { TYPE: "reasoning", LANE: "express", POD: "mcp-orchestrator-0" };
  const all = [QUEUE_OF_LABELS, PREAMBLES.kubernetes, text].join("\n");
  const stderr = await new Promise<string>((resolve) => {
    execFile("bash", ["--norc", "-c", all], { env: { ...environment, ...labels } }, (_, __, errors) => resolve(errors));
  });
  expect(stderr).toMatch(UNREACHABLE);
  expect(stderr).not.toMatch(
    /unknown (shorthand )?(flag|command)|[Ii]nvalid|required flag|must specify|syntax error|not found/,
  );
});
