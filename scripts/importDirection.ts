import { posix } from "node:path";

/**
 * Which workspace may import which: `contract <- alerts <- {alertmanager, dashboards} <- e2e`, never the other way.
 * Everything of another workspace is reached through its package name; the contract is all of the service that the
 * catalogue and the dashboards can see.
 */
const ALLOWED: Record<string, readonly string[]> = {
  // What the handlers of a user import; the example does as they do.
  orchestrator: ["mcp-orchestrator/handlers"],
  alerts: ["mcp-orchestrator/contract"],
  alertmanager: ["@mcp-orchestrator/alerts", "@mcp-orchestrator/alerts/tools", "@mcp-orchestrator/alerts/mutants"],
  dashboards: ["@mcp-orchestrator/alerts", "@mcp-orchestrator/alerts/promql", "mcp-orchestrator/contract"],
  deploy: [
    "@mcp-orchestrator/alerts",
    "@mcp-orchestrator/alertmanager",
    "@mcp-orchestrator/dashboards",
    "mcp-orchestrator/contract",
    "mcp-orchestrator/keys",
    "mcp-orchestrator/settings",
  ],
  e2e: [
    "@mcp-orchestrator/alerts",
    "@mcp-orchestrator/alerts/tools",
    "@mcp-orchestrator/alertmanager",
    "@mcp-orchestrator/dashboards",
    "mcp-orchestrator/contract",
    "mcp-orchestrator/handlers",
    "mcp-orchestrator/keys",
    "mcp-orchestrator/permissions",
  ],
};

/** What tests of every workspace use: it knows nothing of the product. */
const TEST_SUPPORT = /^@mcp-orchestrator\/e2e\/(testkit\/|simulator$)/;

/** The layers inside the service, lowest first: a file imports only from its own layer or below. */
const SERVICE_LAYERS: readonly (readonly string[])[] = [
  ["metrics/contract.ts"],
  ["errors.ts", "keys.ts"],
  ["metrics/telemetry.ts", "redis/", "queue/task.ts"],
  ["config.ts", "log.ts", "queue/", "metrics/"],
  ["upstream/", "handlers/"],
  ["worker/", "supervisor/", "health/"],
  ["api/", "cli/"],
  ["main.ts", "worker.ts", "cli.ts"],
];

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"/g;

/** Module names that a source file imports, types included. */
export function importsOf(source: string): string[] {
  return [...source.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/**
 * What is wrong with a file's imports.
 *
 * @param file path from the root, with forward slashes
 * @returns one sentence for each forbidden import
 */
export function importViolations(file: string, source: string): string[] {
  const workspace = file.split("/")[0] ?? "";
  const allowed = ALLOWED[workspace];
  if (allowed === undefined) return [];
  return importsOf(source).flatMap((name) => {
    const complaint = name.startsWith(".")
      ? relativeComplaint(file, workspace, name)
      : packageComplaint(workspace, allowed, name);
    return complaint === undefined ? [] : [`${file} imports ${name}: ${complaint}`];
  });
}

function packageComplaint(workspace: string, allowed: readonly string[], name: string): string | undefined {
  const ours = name.startsWith("@mcp-orchestrator/") || /^mcp-orchestrator(\/|$)/.test(name);
  if (!ours || allowed.includes(name) || TEST_SUPPORT.test(name)) return undefined;
  return `${workspace} may import only ${allowed.join(", ")}`;
}

function relativeComplaint(file: string, workspace: string, name: string): string | undefined {
  const target = posix.join(posix.dirname(file), name);
  // What an operator writes stands above all workspaces, and the catalogue reads it.
  if (workspace === "alerts" && target === "bundle.config.ts") return undefined;
  if (!target.startsWith(`${workspace}/`)) return "another workspace is imported by its package name";
  if (file === "orchestrator/src/metrics/contract.ts") return "the contract has no imports";
  const from = layerOf(file);
  const to = layerOf(target);
  if (from === undefined || to === undefined || to <= from) return undefined;
  return `it lies above (${SERVICE_LAYERS[to]?.join(", ")})`;
}

/** Index of the most specific layer that names the file; undefined outside the service's sources and in tests. */
function layerOf(file: string): number | undefined {
  const prefix = "orchestrator/src/";
  if (!file.startsWith(prefix) || file.endsWith(".test.ts")) return undefined;
  const path = file.slice(prefix.length);
  const exact = SERVICE_LAYERS.findIndex((layer) => layer.includes(path));
  if (exact >= 0) return exact;
  const byFolder = SERVICE_LAYERS.findIndex((layer) =>
    layer.some((entry) => entry.endsWith("/") && path.startsWith(entry)),
  );
  return byFolder >= 0 ? byFolder : undefined;
}
