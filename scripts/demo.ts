import { DRILL_FACTOR } from "@mcp-orchestrator/alerts";
import { startPreview } from "@mcp-orchestrator/dashboards";
import { Command, InvalidArgumentError, Option } from "commander";
import pc from "picocolors";
import { runConsole } from "../e2e/demo/console.ts";
import { Demo, type DemoEvent } from "../e2e/demo/demo.ts";
import {
  type Addresses,
  DEMO_FAULTS,
  DEMO_PROFILE,
  faultNamed,
  PAGE_WITHIN_MS,
  UnknownFaultError,
  whatHappens,
  whatToSee,
} from "../e2e/demo/faults.ts";
import { eventLine } from "../e2e/demo/screen.ts";
import { startDrillStack } from "../e2e/drill/drillStack.ts";
import type { Scenario } from "../e2e/drill/episodes/scenario.ts";
import { untilPartDies } from "../e2e/stack/deaths.ts";
import { RUNTIME_NAMES, type RuntimeName } from "../e2e/stack/runtime/choose.ts";
import { linksOf } from "../e2e/stack/stack.ts";
import { watchForInterruption } from "../e2e/testkit/interruption.ts";
import { freePort, isFree } from "../e2e/testkit/ports.ts";
import { readPorts } from "./config.ts";
import { seconds } from "./progress.ts";
import { provideServers } from "./provision/servers.ts";

/** `npm run demo`. */

const EXIT = { passed: 0, failed: 1, usage: 2, interrupted: 130 } as const;
/** First time range and refresh interval of the dashboards: minutes are seconds here. */
const VIEW = { time: { from: "now-5m", to: "now" }, refresh: "5s" };
/** Two workers per type: one continues while the other is killed. */
const SETTINGS = { WORKERS_PER_TYPE: "2" };

type Options = {
  readonly fault?: Scenario;
  readonly once?: boolean;
  readonly within: number;
  readonly list?: boolean;
  readonly runtime?: RuntimeName;
};

const options = new Command("npm run demo --")
  .description(
    "Runs everything under load, lets you break something with a key, and shows its page: alerts fire\n" +
      `within seconds, since the durations of their rules are divided by ${DRILL_FACTOR}.`,
  )
  .option("--fault <id>", "inject this fault at once", parseFault)
  .option("--once", "end when its page has arrived and everything has recovered; for scripts")
  .option("--within <seconds>", "time within which its page must arrive", parseSeconds, PAGE_WITHIN_MS / 1000)
  .option("--list", "list the faults, and end")
  .addOption(
    new Option("--runtime <name>", "how the servers run; by default the one that is available").choices(RUNTIME_NAMES),
  )
  .addHelpText(
    "after",
    "\nExit status: 0 the page arrived, 1 it did not or a part ended, 2 a wrong argument, 130 interrupted.",
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.passed : EXIT.usage))
  .parse()
  .opts<Options>();

const interrupted = watchForInterruption();
process.exitCode = options.list ? list() : await main(options);

function list(): number {
  const width = Math.max(...DEMO_FAULTS.map(({ id }) => id.length));
  for (const scenario of DEMO_FAULTS) console.log(`${scenario.id.padEnd(width)}  ${whatHappens(scenario)}`);
  return EXIT.passed;
}

async function main({ fault, once = false, within, runtime: wanted }: Options): Promise<number> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY && !once;
  if (!terminal && (fault === undefined || !once)) {
    console.error("This is not a terminal: say what to do, such as --fault depth --once.");
    return EXIT.usage;
  }
  const began = performance.now();
  const events: DemoEvent[] = [];
  try {
    const runtime = await provideServers(wanted);
    const { dashboards: dashboardsPort, ...ports } = await freeOf(readPorts());
    const stackPorts = { ...ports, orchestrators: [ports.orchestrator] };
    interrupted.throwIfAborted();
    await using drill = await startDrillStack({
      ...{ name: "demo", profile: DEMO_PROFILE, replicas: 1, runtime },
      extra: {
        ...{
          ports: stackPorts,
          dashboardsPort,
          settings: SETTINGS,
          rules: "after-first-scrape",
          watchesAlerting: true,
        },
        onReady: (part) => console.log(`${pc.green("ok ")} ${part} ${pc.dim(seconds(performance.now() - began))}`),
      },
    });
    const links = linksOf(stackPorts, dashboardsPort);
    const preview = await startPreview({ prometheusUrl: links.prometheus, port: dashboardsPort, links, view: VIEW });
    await using _ = { [Symbol.asyncDispose]: () => preview.close() };
    await using demo = new Demo(drill, (event) => {
      events.push(event);
      if (!terminal) console.log(eventLine(event));
    });
    const addresses: Addresses = {
      ...{ dashboards: preview.url, inbox: drill.stack.inbox.url, prometheus: links.prometheus },
      ...{ alertmanager: links.alertmanager, service: drill.stack.orchestrator.url },
    };
    const work = terminal
      ? runConsole({
          ...{ demo, addresses, events, withinMs: within * 1000, input: process.stdin, output: process.stdout },
          ...{ signal: interrupted, ...(fault === undefined ? {} : { first: fault }) },
        })
      : runOnce(demo, addresses, fault as Scenario, within * 1000);
    await Promise.race([work, untilPartDies(drill.stack), untilInterrupted()]);
    console.log("Stopping ...");
    return interrupted.aborted ? EXIT.interrupted : EXIT.passed;
  } catch (error) {
    if (interrupted.aborted) return EXIT.interrupted;
    if (!(error instanceof Error && "code" in error)) throw error;
    console.error(`\n${pc.red(error.message)}`);
    return EXIT.failed;
  }
}

async function runOnce(demo: Demo, addresses: Addresses, fault: Scenario, withinMs: number): Promise<void> {
  console.log(`${fault.id}: ${whatHappens(fault)}`);
  for (const [what, where] of whatToSee(fault, addresses, DEMO_PROFILE)) console.log(`  ${what}: ${where}`);
  const tookMs = await demo.inject(fault, withinMs);
  await demo.recover();
  console.log(`The page was in the inbox ${seconds(tookMs)} after the fault.`);
}

/** The usual ports; another one for each that is in use. */
async function freeOf<P extends string>(wanted: Readonly<Record<P, number>>): Promise<Record<P, number>> {
  const ports: [string, number][] = [];
  for (const [part, port] of Object.entries<number>(wanted)) {
    ports.push([part, (await isFree(port)) ? port : await freePort()]);
  }
  return Object.fromEntries(ports) as Record<P, number>;
}

/** Rejects when the user quits. */
function untilInterrupted(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  interrupted.addEventListener("abort", () => reject(interrupted.reason), { once: true });
  return promise;
}

function parseFault(id: string): Scenario {
  try {
    return faultNamed(id);
  } catch (error) {
    if (!(error instanceof UnknownFaultError)) throw error;
    throw new InvalidArgumentError(error.message);
  }
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number of seconds.");
}
