import { posix } from "node:path";

/**
 * The layers of the repository, lowest first. A file belongs to the layer with the longest path that it starts with,
 * and imports from its own layer and those that the layer names. A path ends with a slash for a folder, and with `/*`
 * for a folder without its subfolders. Test code has its own layers. A file in no layer is an error, and so is a layer
 * without files: see the test.
 */
type Layer = {
  readonly path: string;
  /** Paths of the layers from which it imports; `*` for everything. */
  readonly sees: readonly string[];
};

const SERVICE = "orchestrator/src/";
const CONTRACT = `${SERVICE}metrics/contract.ts`;
const PERMISSIONS = `${SERVICE}redis/permissions.ts`;
const TESTKIT = "e2e/testkit/";
const SIMULATOR = "e2e/services/simulator/";

/**
 * Layers of the service, lowest first: each imports from those below it and from its own, except among the folders of
 * the queue.
 */
const SERVICE_LAYERS: readonly (readonly string[])[] = [
  ["metrics/contract.ts"],
  ["errors.ts", "keys.ts", "within.ts", "clock.ts", "loopback.ts", "shutdown.ts", "recordState.ts", "jitter.ts"],
  ["metrics/", "redis/", "config/", "config.ts", "log.ts"],
  ["queue/*"],
  ["queue/submit/", "queue/complete/", "queue/recover/", "queue/inspect/"],
  ["queue/consume/"],
  ["metrics/gauges.ts", "upstream/", "handlers/"],
  ["worker/", "supervisor/", "health/"],
  ["api/", "cli/"],
  ["service.ts", "main/"],
  ["main.ts", "worker.mjs", "cli.ts"],
];
const serviceLayers: readonly Layer[] = SERVICE_LAYERS.flatMap((layer, index) =>
  layer.map((name) => ({
    path: `${SERVICE}${name}`,
    sees: SERVICE_LAYERS.slice(0, name.startsWith("queue/") ? index : index + 1)
      .flat()
      .map((other) => `${SERVICE}${other}`),
  })),
);

const GENERATORS = ["alerts/src/", "alertmanager/src/", "dashboards/src/"];
/** The product's files that `e2e` may import: what is generated, and what the service exports. */
const PRODUCT = [...GENERATORS, CONTRACT, `${SERVICE}keys.ts`, PERMISSIONS];
const BELOW_DRILL = [TESTKIT, "e2e/services/", "e2e/stack/", ...PRODUCT];

const LAYERS: readonly Layer[] = [
  ...serviceLayers,
  { path: TESTKIT, sees: [] },
  { path: "orchestrator/examples/", sees: [`${SERVICE}handlers/`] },
  { path: "orchestrator/bench/", sees: [SERVICE, TESTKIT, "orchestrator/test/support/"] },
  { path: "orchestrator/test/", sees: [SERVICE, TESTKIT, SIMULATOR, "orchestrator/bench/"] },

  { path: "bundle.config.ts", sees: ["alerts/src/bundle/"] },
  { path: "alerts/src/", sees: [CONTRACT, PERMISSIONS, "bundle.config.ts"] },
  { path: "alerts/test/", sees: ["alerts/src/", TESTKIT] },
  { path: "alertmanager/src/", sees: ["alerts/src/"] },
  { path: "alertmanager/test/", sees: ["alertmanager/src/", "alerts/src/", TESTKIT] },
  { path: "dashboards/src/", sees: ["alerts/src/", CONTRACT] },
  { path: "dashboards/test/", sees: ["dashboards/src/", "alerts/src/", CONTRACT, TESTKIT] },
  {
    path: "deploy/",
    sees: [...GENERATORS, CONTRACT, `${SERVICE}keys.ts`, `${SERVICE}shutdown.ts`, `${SERVICE}config/`],
  },

  { path: "e2e/services/", sees: [TESTKIT, ...PRODUCT] },
  { path: "e2e/stack/", sees: [TESTKIT, "e2e/services/", ...PRODUCT] },
  { path: "e2e/drill/judge/", sees: BELOW_DRILL },
  { path: "e2e/drill/faults/", sees: BELOW_DRILL },
  { path: "e2e/drill/runbooks/", sees: ["e2e/drill/judge/", "e2e/drill/faults/", ...BELOW_DRILL] },
  { path: "e2e/drill/recordings/", sees: ["e2e/drill/judge/", "e2e/drill/episodes/", ...BELOW_DRILL] },
  // It shares nothing with the rules that it judges.
  { path: "e2e/drill/campaign/oracle/", sees: [] },
  { path: "e2e/drill/", sees: [...BELOW_DRILL, `${SERVICE}config/settings.ts`] },
  { path: "e2e/alertDrill/", sees: ["e2e/drill/judge/", ...BELOW_DRILL] },
  { path: "e2e/demo/", sees: ["e2e/drill/", ...BELOW_DRILL] },
  { path: "e2e/chaos/", sees: [TESTKIT, "e2e/services/", `${SERVICE}handlers/`, `${SERVICE}jitter.ts`, ...PRODUCT] },
  { path: "e2e/mutation/", sees: [TESTKIT, CONTRACT, "alerts/src/", "alertmanager/"] },
  { path: "e2e/suites/", sees: ["e2e/drill/", "e2e/chaos/", "e2e/mutation/", ...BELOW_DRILL] },
  { path: "examples/", sees: ["alerts/src/define.ts", "e2e/alertDrill/", TESTKIT] },
  { path: "scripts/", sees: ["*"] },
  { path: "vitest.config.ts", sees: [] },
];
export const LAYER_PATHS: readonly string[] = LAYERS.map(({ path }) => path);

/** Files of the package names that workspaces import. */
export type Exports = ReadonlyMap<string, string>;

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"/g;

/** The module names that a source file imports, including types. */
export function importsOf(source: string): string[] {
  return [...source.matchAll(IMPORT)].map(([, from, called, bare]) => from ?? called ?? bare ?? "");
}

/** The path from the root of an imported file; undefined for third-party packages. */
export function targetOf(file: string, name: string, exports: Exports): string | undefined {
  if (name.startsWith(".")) return posix.join(posix.dirname(file), name);
  for (const [pattern, target] of exports) {
    const [before = "", after] = pattern.split("*");
    if (after === undefined ? name === pattern : name.startsWith(before)) {
      return target.replace("*", name.slice(before.length));
    }
  }
  return undefined;
}

/** All but passing the environment on to a child, and reading what the shell and npm set for every program. */
const READ =
  /(?<!\.\.\.|\benv: )\bprocess\.env\b(?!\.(?:PATH|npm_execpath)\b)|\bprocess\.env(?:\[|\.(?!PATH\b|npm_execpath\b))/;

/** Whether a source file reads a setting from the environment. */
export function readsEnvironment(source: string): boolean {
  return READ.test(source);
}

/** The layer of a file; for a test that of its subject; undefined if it has none. */
export function layerOf(file: string): string | undefined {
  const tested = file.replace(/\.test\.ts$/, ".ts");
  return LAYER_PATHS.filter((path) => isIn(tested, path)).toSorted((a, b) => b.length - a.length)[0];
}

/**
 * The violations in a file's imports.
 *
 * @param file path from the root, with forward slashes
 * @returns one sentence for each forbidden import
 */
export function importViolations(file: string, source: string, exports: Exports): string[] {
  const layer = LAYERS.find(({ path }) => path === layerOf(file));
  if (layer === undefined) return [`${file} belongs to no layer`];
  return importsOf(source).flatMap((name) => {
    const violation = violationOf(file, layer, name, exports);
    return violation === undefined ? [] : [`${file} imports ${name}: ${violation}`];
  });
}

function violationOf(file: string, { path, sees }: Layer, name: string, exports: Exports): string | undefined {
  const target = targetOf(file, name, exports);
  if (target === undefined) {
    return /^(@mcp-orchestrator\/|mcp-orchestrator(\/|$))/.test(name)
      ? "no package of the project exports it"
      : undefined;
  }
  if (sees.includes("*") || target.endsWith(".json")) return undefined;
  const workspaceOf = (path: string) => path.slice(0, path.indexOf("/") + 1);
  const between = [file, target].map(workspaceOf).filter((workspace) => workspace !== "");
  if (name.startsWith(".") && new Set(between).size > 1) return "another workspace is imported by its package name";
  // Tests beside the code import what the code imports, and the test kit.
  const seen = [path, ...sees, ...(file.endsWith(".test.ts") ? [TESTKIT] : [])];
  return seen.some((other) => isIn(target, other)) ? undefined : `${path} sees only ${seen.join(", ")}`;
}

function isIn(file: string, path: string): boolean {
  if (path.endsWith("/*")) return posix.dirname(file) === path.slice(0, -2);
  return path.endsWith("/") ? file.startsWith(path) : file === path;
}

/**
 * Cycles among files that import each other.
 *
 * @param graph the files that each file imports
 * @returns the members of each cycle, sorted
 */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): number => {
    const own = order.size;
    order.set(file, own);
    lowest.set(file, own);
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!order.has(target)) visit(target);
      if (path.includes(target)) lowest.set(file, Math.min(lowest.get(file) ?? own, lowest.get(target) ?? own));
    }
    if (lowest.get(file) === own) {
      const members = path.splice(path.indexOf(file));
      if (members.length > 1) cycles.push(members.toSorted());
    }
    return own;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}
