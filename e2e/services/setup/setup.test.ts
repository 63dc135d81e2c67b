import { spawnSync } from "node:child_process";
import { mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

/** The result of the compose stack's `setup` for a folder of secrets. */

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function setUp(secrets: Readonly<Record<string, string>>) {
  const { path: folder, remove } = mkdtempDisposableSync(join(tmpdir(), "setup-"));
  onTestFinished(remove);
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(folder, name), text);
  const volumes = join(folder, "volumes");
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "--secrets", folder, "--volumes", volumes], {
    encoding: "utf8",
  });
  return { status, stderr, read: (path: string) => readFileSync(join(volumes, path), "utf8") };
}

test("without an address of a dead man's switch the heartbeat goes to the bundled inbox, and setup warns about it", () => {
  const { status, stderr, read } = setUp({});
  expect(status).toBe(0);
  expect(stderr).toMatch(/WARNING: the heartbeat .* bundled inbox.* secrets\/deadman-url/);
  expect(read("alertmanager/secrets/deadman-url")).toBe("http://inbox:8090/deadman\n");
  expect(read("alertmanager/alertmanager.yml")).toContain("url_file: /etc/alertmanager/secrets/deadman-url");
});

test("secrets in the folder replace the bundled ones, without a warning", () => {
  const { stderr, read } = setUp({ "deadman-url": "https://switch.example/ping", "pagerduty-routing-key": "key" });
  expect(stderr).toBe("");
  expect(read("alertmanager/secrets/deadman-url")).toBe("https://switch.example/ping");
  expect(read("alertmanager/secrets/pagerduty-routing-key")).toBe("key");
  expect(read("alertmanager/alertmanager.yml")).toContain("url: https://events.pagerduty.com/v2/enqueue");
});
