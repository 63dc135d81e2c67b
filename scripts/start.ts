import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { startPreview } from "@mcp-orchestrator/dashboards";
import { Command, Option } from "commander";
import pc from "picocolors";
import { showRunbooks, unitsOf } from "../e2e/drill/drillStack.ts";
import { startUnitManager } from "../e2e/drill/runbooks/unitManager.ts";
import { Load } from "../e2e/services/load/load.ts";
import { steadyLoad } from "../e2e/services/load/rates.ts";
import { ServiceApi } from "../e2e/services/load/serviceApi.ts";
import { untilPartDies } from "../e2e/stack/deaths.ts";
import { RUNTIME_NAMES, type RuntimeName } from "../e2e/stack/runtime/choose.ts";
import { linksOf, type Stack, startStack } from "../e2e/stack/stack.ts";
import { watchForInterruption } from "../e2e/testkit/interruption.ts";
import { isFree } from "../e2e/testkit/ports.ts";
import { type Part, PORT_VARIABLES, readPorts } from "./config.ts";
import { seconds } from "./progress.ts";
import { ROOT } from "./provision/command.ts";
import { provideServers } from "./provision/servers.ts";

/** With this key, the real APIs are called. */
const CHAT_KEY_FILE = join(ROOT, "secrets", "chat-api-key");
const LOG_FILE = join(ROOT, "logs", "orchestrator.log");

class PortsBusyError extends Error {
  readonly code = "PORTS_BUSY";
  readonly subject = "ports";
}

const options = new Command("npm start --")
  .description(
    "Runs Redis, the orchestrator, Prometheus, Alertmanager, a notification inbox and an upstream simulator.",
  )
  .addOption(new Option("--runtime <name>", "how the servers run; chosen by what is here").choices(RUNTIME_NAMES))
  .option("--load", "submit a steady load of example tasks")
  .addHelpText("after", `\nPorts: ${Object.values(PORT_VARIABLES).join(", ")}. Their defaults are in .env.`)
  .parse()
  .opts<{ runtime?: RuntimeName; load?: boolean }>();

const interrupted = watchForInterruption();
// Until the stack runs, nothing needs an orderly stop.
const leave = () => process.exit(130);
interrupted.addEventListener("abort", leave);
try {
  await main();
} catch (error) {
  console.error(
    `\n${pc.red(error instanceof Error && "code" in error ? error.message : String((error as Error)?.stack))}`,
  );
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const began = performance.now();
  const ports = readPorts();
  await checkPorts(ports);
  const runtime = await provideServers(options.runtime);
  console.log(`Starting; the servers run as ${runtime.name === "docker" ? "containers" : "processes"}.`);
  const stackPorts = { ...ports, orchestrators: [ports.orchestrator] };
  await using stack = await startStack({
    name: "npm-start",
    profile: PRODUCTION,
    runtime,
    ports: stackPorts,
    dashboardsPort: ports.dashboards,
    settings: { LOG_FILE, ...upstreamSettings() },
    openRedis: true,
    rules: "by-caller",
    watchesAlerting: true,
    onReady: (part) => console.log(`${pc.green("ok ")} ${part} ${pc.dim(seconds(performance.now() - began))}`),
  });
  await using units = await startUnitManager(stack.folder.data("units"), unitsOf(stack));
  showRunbooks(stack, units, ports.dashboards);
  const preview = await startPreview({
    prometheusUrl: stack.prometheus.url,
    port: ports.dashboards,
    links: linksOf(stackPorts, ports.dashboards),
  });
  await using _ = { [Symbol.asyncDispose]: () => preview.close() };
  interrupted.removeEventListener("abort", leave);
  console.log(overview(stack, preview.url));
  await using api = new ServiceApi(stack.orchestrator.url);
  await using load = new Load({ api, ledger: { note: () => {} }, idPrefix: `example-${Date.now()}` });
  if (options.load) load.run(steadyLoad(PRODUCTION));
  const ended = Promise.race([once(interrupted, "abort"), untilPartDies(stack)]);
  const rules = stack.prometheus
    .startRulesWhenScraped(interrupted)
    .then(() => console.log(`${pc.green("ok ")} alert rules`));
  if (!interrupted.aborted) await Promise.race([ended, rules.then(() => ended)]);
  console.log("\nStopping ...");
}

async function checkPorts(ports: Readonly<Record<Part, number>>): Promise<void> {
  const busy: string[] = [];
  for (const [part, port] of Object.entries(ports) as [Part, number][]) {
    if (!(await isFree(port))) busy.push(`  ${port} for ${part}: set ${PORT_VARIABLES[part]} to move it`);
  }
  if (busy.length === 0) return;
  throw new PortsBusyError(`These ports are in use; nothing was started.\n${busy.join("\n")}`);
}

/** The simulator replaces the APIs unless there is a key to the real ones. */
function upstreamSettings(): Record<string, string> {
  if (!existsSync(CHAT_KEY_FILE)) return {};
  // Empty selects the service's default: the real address.
  return { CHAT_API_KEY_FILE: CHAT_KEY_FILE, CHAT_BASE_URL: "", MARKET_BASE_URL: "" };
}

function overview(
  { orchestrator, prometheus, alertmanager, inbox, simulator, redis }: Stack,
  dashboardsUrl: string,
): string {
  const rows = [
    ["Orchestrator", orchestrator.url, "API, /metrics, /openapi.json, /readyz"],
    ["Dashboards", dashboardsUrl, "the Grafana dashboards, without Grafana"],
    ["Prometheus", `${prometheus.url}/alerts`, "the alerts and their states"],
    ["Alertmanager", alertmanager.url, "what was routed where"],
    ["Inbox", inbox.url, "what Slack and PagerDuty would get"],
    ["Simulator", `${simulator.url}/control`, "latency and errors of the upstream APIs"],
    ["Redis", redis.url, "streams mcp:queue:*"],
    ["Log", LOG_FILE, ""],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  const task = JSON.stringify({ type: "reasoning", priority: 15, payload: { prompt: "Why is the sky blue?" } });
  return [
    "",
    ...table,
    "",
    "Submit a task, then read its result:",
    `  curl -s ${orchestrator.url}/api/v1/tasks -H 'content-type: application/json' -d '${task}'`,
    `  curl -s ${orchestrator.url}/api/v1/tasks/TASK_ID`,
    "",
    "Ctrl-C stops everything.",
  ].join("\n");
}
