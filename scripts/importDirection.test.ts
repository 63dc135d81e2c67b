import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importsOf, importViolations } from "./importDirection.ts";

const sources = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", "*.ts"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(file));

describe("direction of imports", () => {
  it("holds in every source file", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap((file) => importViolations(file, readFileSync(file, "utf8")))).toEqual([]);
  });

  it.each([
    ["alerts/src/index.ts", "@mcp-orchestrator/dashboards", "alerts may import only"],
    ["orchestrator/src/main.ts", "@mcp-orchestrator/alerts", "orchestrator may import only"],
    ["dashboards/src/index.ts", "@mcp-orchestrator/alertmanager", "dashboards may import only"],
    ["e2e/stack/stack.ts", "../../../orchestrator/src/keys.ts", "by its package name"],
    ["orchestrator/src/metrics/contract.ts", "./registry.ts", "the contract has no imports"],
    ["orchestrator/src/queue/consumer.ts", "../api/server.ts", "it lies above"],
  ])("refuses %s importing %s", (file, name, complaint) => {
    expect(importViolations(file, `import { x } from "${name}";`)).toEqual([expect.stringContaining(complaint)]);
  });

  it.each([
    ["alerts/src/index.ts", "mcp-orchestrator/contract"],
    ["orchestrator/src/main.ts", "./api/server.ts"],
    ["orchestrator/src/api/server.ts", "../queue/submit/submission.ts"],
    ["e2e/stack/stack.ts", "@mcp-orchestrator/alertmanager"],
  ])("allows %s importing %s", (file, name) => {
    expect(importViolations(file, `import { x } from "${name}";`)).toEqual([]);
  });

  it("sees every form of import", () => {
    const source = `import a from "a";\nimport type { B } from "b";\nexport * from "c";\nconst d = await import("d");\nimport "e";`;
    expect(importsOf(source)).toEqual(["a", "b", "c", "d", "e"]);
  });
});

describe("environment", () => {
  it("is read only in the service's config.ts, in scripts and in test support", () => {
    const readers = sources.filter(
      (file) =>
        /^(orchestrator|alerts|alertmanager|dashboards)\/src\//.test(file) &&
        !file.endsWith(".test.ts") &&
        /process\.env/.test(readFileSync(file, "utf8")),
    );
    // main.ts takes nothing from it, but hands the place of the compile cache on to the workers.
    const allowed = ["alerts/src/bundle/config.ts", "orchestrator/src/config.ts", "orchestrator/src/main.ts"];
    expect(readers.filter((file) => !allowed.includes(file))).toEqual([]);
  });
});
