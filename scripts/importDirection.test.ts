import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { circlesOf, importsOf, importViolations, ROOM_PATHS, roomOf, targetOf } from "./importDirection.ts";

const sources = new Map(
  execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", "*.ts", "*.mjs"], { encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(file))
    .map((file) => [file, readFileSync(file, "utf8")]),
);

/** Exports of the workspaces by the names under which they are imported. */
const exports = new Map(
  (JSON.parse(readFileSync("package.json", "utf8")) as { workspaces: string[] }).workspaces.flatMap((workspace) => {
    const text = readFileSync(`${workspace}/package.json`, "utf8");
    const manifest = JSON.parse(text) as { name: string; exports?: Record<string, string> };
    return Object.entries(manifest.exports ?? {}).map(
      ([key, file]) => [manifest.name + key.slice(1), workspace + file.slice(1)] as const,
    );
  }),
);

describe("direction of imports", () => {
  it("holds in every source file", () => {
    expect(sources.size).toBeGreaterThan(0);
    expect([...sources].flatMap(([file, source]) => importViolations(file, source, exports))).toEqual([]);
  });

  it("has no room that is empty", () => {
    const rooms = new Set([...sources.keys()].map(roomOf));
    expect(ROOM_PATHS.filter((path) => !rooms.has(path))).toEqual([]);
  });

  it("has no circles", () => {
    const graph = new Map(
      [...sources].map(([file, source]) => [
        file,
        importsOf(source)
          .filter(({ isType }) => !isType)
          .flatMap(({ name }) => targetOf(file, name, exports) ?? []),
      ]),
    );
    expect(circlesOf(graph)).toEqual([]);
  });

  it.each([
    ["alerts/src/index.ts", "@mcp-orchestrator/dashboards", "alerts/src/ sees only"],
    ["orchestrator/src/main.ts", "@mcp-orchestrator/alerts", "orchestrator/src/main.ts sees only"],
    ["dashboards/src/index.ts", "@mcp-orchestrator/alertmanager", "dashboards/src/ sees only"],
    ["e2e/stack/stack.ts", "../../orchestrator/src/keys.ts", "by its package name"],
    ["e2e/stack/stack.ts", "../drill/drill.ts", "e2e/stack/ sees only"],
    ["e2e/testkit/until.ts", "../stack/stack.ts", "e2e/testkit/ sees only"],
    ["e2e/testkit/until.ts", "mcp-orchestrator/contract", "e2e/testkit/ sees only"],
    ["orchestrator/src/api/server.ts", "@mcp-orchestrator/e2e/testkit/until", "api/ sees only"],
    ["orchestrator/src/metrics/contract.ts", "./registry.ts", "contract.ts sees only"],
    ["orchestrator/src/queue/consumer.ts", "../api/server.ts", "queue/ sees only"],
    ["deploy/kubernetes/src/files.ts", "@mcp-orchestrator/alerts/nothing", "no package of the project exports it"],
  ])("refuses %s importing %s", (file, name, complaint) => {
    const source = `import { x } from "${name}";`;
    expect(importViolations(file, source, exports)).toEqual([expect.stringContaining(complaint)]);
  });

  it("refuses a file that no room has", () => {
    expect(importViolations("more/new.ts", "", exports)).toEqual(["more/new.ts belongs to no room"]);
  });

  it.each([
    ["alerts/src/index.ts", "mcp-orchestrator/contract"],
    ["orchestrator/src/main.ts", "./api/server.ts"],
    ["orchestrator/src/api/server.ts", "../queue/submit/submission.ts"],
    ["orchestrator/src/api/server.test.ts", "@mcp-orchestrator/e2e/testkit/until"],
    ["e2e/stack/stack.ts", "@mcp-orchestrator/alertmanager"],
    ["e2e/drill/drill.ts", "../stack/stack.ts"],
  ])("allows %s importing %s", (file, name) => {
    expect(importViolations(file, `import { x } from "${name}";`, exports)).toEqual([]);
  });

  it("sees every form of import", () => {
    const source = `import a from "a";\nimport type { B } from "b";\nexport * from "c";\nconst d = await import("d");\nimport "e";`;
    expect(importsOf(source).map(({ name, isType }) => (isType ? `type ${name}` : name))).toEqual([
      "a",
      "type b",
      "c",
      "d",
      "e",
    ]);
  });

  it("finds circles of two and of more files, and none in what only meets again", () => {
    const graph = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: ["d"], f: ["a", "g"], g: ["e", "elsewhere"] };
    expect(circlesOf(new Map(Object.entries(graph)))).toEqual([
      ["d", "e"],
      ["a", "b", "c"],
    ]);
  });
});

describe("environment", () => {
  it("is read only in a config.ts, in scripts and in test support", () => {
    const readers = [...sources]
      .filter(
        ([file, source]) =>
          /^(orchestrator|alerts|alertmanager|dashboards)\/src\//.test(file) &&
          !file.endsWith(".test.ts") &&
          /process\.env/.test(source),
      )
      .map(([file]) => file);
    // main.ts takes nothing from it, but hands the place of the compile cache on to the workers.
    expect(readers.filter((file) => !file.endsWith("/config.ts") && file !== "orchestrator/src/main.ts")).toEqual([]);
  });
});
