import { posix } from "node:path";

/**
 * The rooms of the repository, lowest first. A file belongs to the room with the longest path that it starts with, and
 * imports from its own room and from those that the room names. A path ends with a slash for a folder; test code is in
 * rooms of its own. A file in no room is a mistake, and so is a room without files: see the test.
 */
type Room = {
  readonly path: string;
  /** Paths of the rooms from which it imports; `*` for everything. */
  readonly sees: readonly string[];
};

const SERVICE = "orchestrator/src/";
const CONTRACT = `${SERVICE}metrics/contract.ts`;
const TESTKIT = "e2e/testkit/";
const SIMULATOR = "e2e/services/simulator/";

/** Layers of the service, lowest first: each sees those below it and its own. */
const SERVICE_LAYERS: readonly (readonly string[])[] = [
  ["metrics/contract.ts"],
  ["errors.ts", "keys.ts", "within.ts", "clock.ts", "loopback.ts", "shutdown.ts", "taskType.ts"],
  ["metrics/", "redis/", "queue/", "config/", "config.ts", "log.ts"],
  ["upstream/", "handlers/"],
  ["worker/", "supervisor/", "health/"],
  ["api/", "cli/"],
  ["service.ts", "main/"],
  ["main.ts", "worker.mjs", "cli.ts"],
];
const serviceRooms: readonly Room[] = SERVICE_LAYERS.flatMap((layer, index) =>
  layer.map((name) => ({
    path: `${SERVICE}${name}`,
    sees: SERVICE_LAYERS.slice(0, index + 1)
      .flat()
      .map((other) => `${SERVICE}${other}`),
  })),
);

const GENERATORS = ["alerts/src/", "alertmanager/src/", "dashboards/src/"];
/** What of the product `e2e` knows: what is generated, and what the service exports. */
const PRODUCT = [...GENERATORS, CONTRACT, `${SERVICE}keys.ts`, `${SERVICE}redis/permissions.ts`];
const BELOW_DRILL = [TESTKIT, "e2e/services/", "e2e/stack/", ...PRODUCT];

const ROOMS: readonly Room[] = [
  ...serviceRooms,
  { path: TESTKIT, sees: [] },
  { path: "orchestrator/examples/", sees: [`${SERVICE}handlers/`] },
  { path: "orchestrator/bench/", sees: [SERVICE, TESTKIT, "orchestrator/test/support/"] },
  { path: "orchestrator/test/", sees: [SERVICE, TESTKIT, SIMULATOR, "orchestrator/bench/"] },

  { path: "bundle.config.ts", sees: ["alerts/src/bundle/"] },
  { path: "alerts/src/", sees: [CONTRACT, "bundle.config.ts"] },
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
  { path: "e2e/drill/recordings/", sees: ["e2e/drill/judge/", ...BELOW_DRILL] },
  { path: "e2e/drill/", sees: BELOW_DRILL },
  { path: "e2e/chaos/", sees: [TESTKIT, "e2e/services/", `${SERVICE}handlers/`, ...PRODUCT] },
  { path: "e2e/mutation/", sees: [TESTKIT, "alerts/src/", "alertmanager/"] },
  { path: "e2e/suites/", sees: ["e2e/drill/", "e2e/chaos/", "e2e/mutation/", ...BELOW_DRILL] },
  { path: "scripts/", sees: ["*"] },
  { path: "vitest.config.ts", sees: [] },
];
export const ROOM_PATHS: readonly string[] = ROOMS.map(({ path }) => path);

/** Files of the package names by which workspaces import each other. */
export type Exports = ReadonlyMap<string, string>;

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b(\s+type\b)?[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"/g;

/** A module name that a source file imports; types are gone when it runs. */
export type Import = { readonly name: string; readonly isType: boolean };

/** What a source file imports. */
export function importsOf(source: string): Import[] {
  return [...source.matchAll(IMPORT)].map(([, type, from, called, bare]) => ({
    name: from ?? called ?? bare ?? "",
    isType: type !== undefined,
  }));
}

/** The path from the root of what a file imports; undefined for packages of others. */
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

/** The room of a file, which for a test is that of what it tests; undefined where it has none. */
export function roomOf(file: string): string | undefined {
  const tested = file.replace(/\.test\.ts$/, ".ts");
  return ROOM_PATHS.filter((path) => isIn(tested, path)).toSorted((a, b) => b.length - a.length)[0];
}

/**
 * What is wrong with a file's imports.
 *
 * @param file path from the root, with forward slashes
 * @returns one sentence for each forbidden import
 */
export function importViolations(file: string, source: string, exports: Exports): string[] {
  const room = ROOMS.find(({ path }) => path === roomOf(file));
  if (room === undefined) return [`${file} belongs to no room`];
  return importsOf(source).flatMap(({ name }) => {
    const complaint = complaintAbout(file, room, name, exports);
    return complaint === undefined ? [] : [`${file} imports ${name}: ${complaint}`];
  });
}

function complaintAbout(file: string, { path, sees }: Room, name: string, exports: Exports): string | undefined {
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
  // Tests beside the code see what the code sees, and the kit.
  const seen = [path, ...sees, ...(file.endsWith(".test.ts") ? [TESTKIT] : [])];
  return seen.some((other) => isIn(target, other)) ? undefined : `${path} sees only ${seen.join(", ")}`;
}

function isIn(file: string, path: string): boolean {
  return path.endsWith("/") ? file.startsWith(path) : file === path;
}

/**
 * Circles among files that load each other; types are erased and load nothing.
 *
 * @param graph the files that each file loads
 * @returns the members of each circle, sorted
 */
export function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const circles: string[][] = [];
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
      if (members.length > 1) circles.push(members.toSorted());
    }
    return own;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}
