import { constants } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { type RedisServer, startRedis } from "../test/support/redisServer.ts";
import { killAll } from "./harness/processes.ts";
import { machine } from "./report/machine.ts";
import { writeResults } from "./report/results.ts";
import { createProgress, printOutcome, printVerdicts } from "./report/terminal.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import type { Outcome } from "./scenarios/scenario.ts";

const QUICK = { rounds: 1, tasks: 5_000 };

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("a whole number from 1");
  return value;
}

const program = new Command("bench")
  .description("Compares the orchestrator with BullMQ and with a bare ioredis loop, on a separate redis-server.")
  .addOption(
    new Option("-s, --scenario <names...>", "only these scenarios").choices(SCENARIOS.map((scenario) => scenario.name)),
  )
  .option("-r, --rounds <count>", "interleaved rounds", positive, 7)
  .option("-t, --tasks <count>", "measured tasks per round", positive, 50_000)
  .option("-q, --quick", "smoke test: one small round of everything, writes no results")
  .option("-o, --out <dir>", "directory of results.md and results.json", import.meta.dirname)
  .addHelpText(
    "after",
    `\nScenarios:\n${SCENARIOS.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n")}`,
  )
  .parse();

const options = program.opts<{ scenario?: string[]; rounds: number; tasks: number; quick?: boolean; out: string }>();
const quick = options.quick === true;
const { rounds, tasks } = quick ? QUICK : options;
const chosen = SCENARIOS.filter(({ name }) => options.scenario?.includes(name) ?? true);

/** Kills all started processes on a signal to end, and resolves to the signal. */
function interruption(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        killAll();
        resolve(signal);
      });
    }
  });
}

async function measure(server: RedisServer): Promise<undefined> {
  const version = /redis_version:(\S+)/.exec(await server.client.info("server"))?.[1] ?? "unknown";
  const facts = machine(version, { rounds, tasks });
  const progress = createProgress();
  const outcomes: Outcome[] = [];
  for (const scenario of chosen) {
    const outcome = await scenario.run({ server, rounds, tasks, quick, progress });
    outcomes.push(outcome);
    printOutcome(outcome);
    if (!quick) await writeResults(options.out, scenario.name, facts, outcome);
  }
  printVerdicts(outcomes);
}

const signal = await (async () => {
  const interrupted = interruption();
  await using server = await startRedis("--maxmemory-policy", "noeviction");
  return await Promise.race([measure(server), interrupted]);
})();
if (signal !== undefined) process.exit(128 + constants.signals[signal]);
