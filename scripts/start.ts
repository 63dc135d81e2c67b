import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { startPreview } from "@mcp-orchestrator/dashboards";
import { Command, Option } from "commander";
import pc from "picocolors";
import { Load } from "../e2e/services/load/load.ts";
import { steadyLoad } from "../e2e/services/load/rates.ts";
import { ServiceApi } from "../e2e/services/load/serviceApi.ts";
import { RUNTIME_NAMES, type RuntimeName } from "../e2e/stack/runtime/choose.ts";
import { type Stack, startStack } from "../e2e/stack/stack.ts";
import { watchForInterruption } from "../e2e/testkit/interruption.ts";
import { isFree } from "../e2e/testkit/ports.ts";
import { seconds } from "./progress.ts";
import { ROOT } from "./provision/command.ts";
import { provideServers } from "./provision/servers.ts";
import { type Part, PORT_VARIABLES, readPorts } from "./settings.ts";

/** With this key in place the real APIs are called. */
const CHAT_KEY_FILE = join(ROOT, "secrets", "chat-api-key");
const LOG_FILE = join(ROOT, "logs", "orchestrator.log");

class PortsBusyError extends Error {
  readonly code = "PORTS_BUSY";
  readonly subject = "ports";
}

class PartDiedError extends Error {
  readonly code = "PART_DIED";
  readonly subject: string;

  constructor(name: string, how: string, logFile: string) {
    const tail = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-15).join("\n");
    super(`${name} died (${how}). The end of its log, ${logFile}:\n${tail}`);
    this.name = "PartDiedError";
    this.subject = name;
  }
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
// Nothing has to be stopped in order before everything runs.
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
  const ports = readPorts(process.env);
  await checkPorts(ports);
  const runtime = await provideServers(options.runtime);
  console.log(`Starting; the servers run as ${runtime.name === "docker" ? "containers" : "processes"}.`);
  await using stack = await startStack({
    name: "npm-start",
    profile: PRODUCTION,
    runtime,
    ports: { ...ports, orchestrators: [ports.orchestrator] },
    settings: { LOG_FILE, ...upstreamSettings() },
    openRedis: true,
    rulesAtOnce: true,
    onReady: (part) => console.log(`${pc.green("ok ")} ${part} ${pc.dim(seconds(performance.now() - began))}`),
  });
  const preview = await startPreview({ prometheusUrl: stack.prometheus.url, port: ports.dashboards });
  await using _ = { [Symbol.asyncDispose]: () => preview.close() };
  interrupted.removeEventListener("abort", leave);
  console.log(overview(stack, preview.url));
  await using api = new ServiceApi(stack.orchestrator.url);
  await using load = new Load({ api, ledger: { note: () => {} }, idPrefix: `example-${Date.now()}` });
  if (options.load) load.run(steadyLoad(PRODUCTION));
  if (!interrupted.aborted) await Promise.race([once(interrupted, "abort"), death(stack)]);
  console.log("\nStopping ...");
}

async function checkPorts(ports: Readonly<Record<Part, number>>): Promise<void> {
  const busy: string[] = [];
  for (const [part, port] of Object.entries(ports) as [Part, number][]) {
    if (!(await isFree(port))) busy.push(`  ${port} for ${part}: set ${PORT_VARIABLES[part]} to move it`);
  }
  if (busy.length === 0) return;
  throw new PortsBusyError(`Ports that something else listens on; nothing was started.\n${busy.join("\n")}`);
}

/** The simulator stands in for the APIs unless there is a key to the real ones. */
function upstreamSettings(): Record<string, string> {
  if (!existsSync(CHAT_KEY_FILE)) return {};
  // Empty is the service's own default: the real address.
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

/** Never resolves; rejects when a part ends that was not asked to. */
function death({ orchestrators, redis, prometheus, alertmanager, simulator }: Stack): Promise<never> {
  return new Promise((_, reject) => {
    for (const { server } of [...orchestrators, redis, prometheus, alertmanager, simulator]) {
      server.onUnexpectedExit((how) => reject(new PartDiedError(server.name, how, server.logFile)));
    }
  });
}
