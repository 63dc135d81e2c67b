import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { describe, expect, it } from "vitest";
import {
  cyclesOf,
  importsOf,
  importViolations,
  LAYER_PATHS,
  layerOf,
  readsEnvironment,
  targetOf,
} from "./importDirection.ts";

const sources = new Map(
  execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", "*.ts", "*.mjs"], { encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(file))
    .map((file) => [file, readFileSync(file, "utf8")]),
);

type Manifest = {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: object;
  readonly devDependencies?: object;
};
const manifestOf = (folder: string) => JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as Manifest;
const root = manifestOf(".");
const manifests = new Map((root.workspaces ?? []).map((workspace) => [workspace, manifestOf(workspace)]));

/** Exports of the workspaces by the names under which they are imported. */
const exports = new Map(
  [...manifests].flatMap(([workspace, { name, exports }]) =>
    Object.entries(exports ?? {}).map(([key, file]) => [name + key.slice(1), workspace + file.slice(1)] as const),
  ),
);

describe("direction of imports", () => {
  it("holds in every source file", () => {
    expect(sources.size).toBeGreaterThan(0);
    expect([...sources].flatMap(([file, source]) => importViolations(file, source, exports))).toEqual([]);
  });

  it("is declared: the workspace or the root names the imported packages", () => {
    const declaredIn = ({ dependencies, devDependencies, name }: Manifest) => [
      name,
      ...Object.keys({ ...dependencies, ...devDependencies }),
    ];
    const undeclared = [...sources].flatMap(([file, source]) => {
      const own = [...manifests].find(([workspace]) => file.startsWith(`${workspace}/`))?.[1];
      const declared = [root, ...(own === undefined ? manifests.values() : [own])].flatMap(declaredIn);
      return importsOf(source)
        .filter((name) => /^[@a-z]/.test(name) && !isBuiltin(name))
        .map((name) => name.split("/", name.startsWith("@") ? 2 : 1).join("/"))
        .filter((name) => !declared.includes(name))
        .map((name) => `${file}: ${name}`);
    });
    expect(undeclared).toEqual([]);
  });

  it("has no layer without files", () => {
    const layers = new Set([...sources.keys()].map(layerOf));
    expect(LAYER_PATHS.filter((path) => !layers.has(path))).toEqual([]);
  });

  it("has no cycles, not even of types", () => {
    const graph = new Map(
      [...sources].map(([file, source]) => [
        file,
        importsOf(source).flatMap((name) => targetOf(file, name, exports) ?? []),
      ]),
    );
    expect(cyclesOf(graph)).toEqual([]);
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
    ["orchestrator/src/queue/entry.ts", "../api/server.ts", "queue/* sees only"],
    ["orchestrator/src/queue/entry.ts", "./submit/submission.ts", "queue/* sees only"],
    ["orchestrator/src/queue/recover/leases.ts", "../consume/lane.ts", "queue/recover/ sees only"],
    ["orchestrator/src/queue/submit/submission.ts", "../inspect/lookup.ts", "queue/submit/ sees only"],
    ["deploy/kubernetes/src/files.ts", "@mcp-orchestrator/alerts/nothing", "no package of the project exports it"],
  ])("refuses %s importing %s", (file, name, violation) => {
    const source = `import { x } from "${name}";`;
    expect(importViolations(file, source, exports)).toEqual([expect.stringContaining(violation)]);
  });

  it("rejects a file that belongs to no layer", () => {
    expect(importViolations("more/new.ts", "", exports)).toEqual(["more/new.ts belongs to no layer"]);
  });

  it.each([
    ["alerts/src/index.ts", "mcp-orchestrator/contract"],
    ["orchestrator/src/main.ts", "./api/server.ts"],
    ["orchestrator/src/api/server.ts", "../queue/submit/submission.ts"],
    ["orchestrator/src/queue/consume/lane.ts", "../complete/completion.ts"],
    ["orchestrator/src/queue/submit/submission.ts", "../task.ts"],
    ["orchestrator/src/api/server.test.ts", "@mcp-orchestrator/e2e/testkit/until"],
    ["e2e/stack/stack.ts", "@mcp-orchestrator/alertmanager"],
    ["e2e/drill/drill.ts", "../stack/stack.ts"],
  ])("allows %s importing %s", (file, name) => {
    expect(importViolations(file, `import { x } from "${name}";`, exports)).toEqual([]);
  });

  it("sees every form of import", () => {
    const source = `import a from "a";\nimport type { B } from "b";\nexport * from "c";\nconst d = await import("./d.ts");\nimport "e";`;
    expect(importsOf(source)).toEqual(["a", "b", "c", "./d.ts", "e"]);
  });

  it("finds cycles of two and of more files, and none in shared imports", () => {
    const graph = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: ["d"], f: ["a", "g"], g: ["e", "elsewhere"] };
    expect(cyclesOf(new Map(Object.entries(graph)))).toEqual([
      ["d", "e"],
      ["a", "b", "c"],
    ]);
  });
});

describe("environment", () => {
  it("is read only in a config.ts", () => {
    const readers = [...sources].filter(([file, source]) => !file.endsWith("/config.ts") && readsEnvironment(source));
    expect(readers.map(([file]) => file)).toEqual([]);
  });

  // `$` stands for the environment, so that this file does not name it.
  const withName = (source: string) => source.replaceAll("$", ["process", "env"].join("."));

  it.each(["$.PORT", '$["PORT"]', "const { PORT } = $;", "read($)", "f(x = $)", "{ env: $.PORT }"])(
    "is read by %s",
    (source) => expect(readsEnvironment(withName(source))).toBe(true),
  );

  it.each(["spawn(program, { env: $ })", "{ ...$, PORT }", "$.PATH", "$.npm_execpath"])("is not read by %s", (source) =>
    expect(readsEnvironment(withName(source))).toBe(false),
  );
});
