import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { messageOf } from "../errors.ts";
import type { ApiClient } from "./apiClient.ts";
import { CliError, EXIT } from "./exitCodes.ts";
import { jsonText, wholeNumber } from "./options.ts";
import type { Io, Output } from "./output.ts";
import { serviceStatus } from "./serviceStatus.ts";
import { repeat, watchOption } from "./watch.ts";

/** Client and output of a command, created from the global options. */
export type Session = { readonly api: ApiClient; readonly output: Output };

const POLL_MS = 200;
const FINAL: ReadonlySet<string> = new Set(["completed", "failed"]);

type SubmitOptions = { file?: string; priority?: number; id?: string; delay?: number; wait?: number };

/** Submission and lookup of tasks. */
export function taskCommands(program: Command, session: () => Session, io: Io): void {
  program
    .command("submit")
    .description("submit a task")
    .argument("<type>", "reasoning, codegen, ml or another known type")
    .argument("[payload]", "the payload as JSON; default: read from --file or standard input", jsonText)
    .option("-f, --file <path>", "read the payload from a file")
    .option("-p, --priority <n>", "0 to 100; from 12 the task takes the express lane", wholeNumber(0))
    .option("--id <task_id>", "task id; makes a repeated submission safe")
    .option("--delay <ms>", "earliest start, from now", wholeNumber(0))
    .option("-w, --wait <seconds>", "wait for the result", wholeNumber(1))
    .addHelpText(
      "after",
      `\nExample:\n  mcp-orchestrator submit reasoning '{"prompt":"Why is the sky blue?"}' -p 15 --wait 30`,
    )
    .action(async (type: string, payload: string | undefined, options: SubmitOptions) => {
      const { api, output } = session();
      const fields = {
        type,
        ...(options.priority === undefined ? {} : { priority: options.priority }),
        ...(options.id === undefined ? {} : { task_id: options.id }),
        ...(options.delay === undefined ? {} : { delay_ms: options.delay }),
      };
      // Inserted as text, so that the handler gets the payload exactly as written.
      const body = `${JSON.stringify(fields).slice(0, -1)},"payload":${payload ?? (await readPayload(options.file, io))}}`;
      const receipt = (await api.send("POST", "/api/v1/tasks", body)) as { task_id: string };
      if (options.wait === undefined) output.record(receipt);
      else await showWhenDone(session(), receipt.task_id, options.wait);
    });

  program
    .command("status")
    .description("show the state of a task, and its result or error; without a task, that of the service")
    .argument("[task_id]")
    .option("-w, --wait <seconds>", "wait until the task has ended", wholeNumber(1))
    .addOption(watchOption())
    .action(async (id: string | undefined, { wait, watch }: { wait?: number; watch?: number | true }) => {
      const { api, output } = session();
      if (id === undefined) await repeat(io, watch, async () => output.record(await serviceStatus(api)));
      else if (wait === undefined) output.record(await api.get(taskPath(id)));
      else await showWhenDone(session(), id, wait);
    });

  program
    .command("explain")
    .description("show why a task does not run, or where it runs")
    .argument("<task_id>")
    .action(async (id: string) => {
      const { api, output } = session();
      output.record(await api.get(`${taskPath(id)}/explain`));
    });
}

function taskPath(id: string): string {
  return `/api/v1/tasks/${encodeURIComponent(id)}`;
}

async function readPayload(file: string | undefined, io: Io): Promise<string> {
  let text: string;
  try {
    text = file === undefined ? await io.readInput() : readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.usage, `The payload cannot be read: ${messageOf(error)}`);
  }
  try {
    return jsonText(text);
  } catch (error) {
    throw new CliError(EXIT.usage, `The payload ${messageOf(error)}`);
  }
}

async function showWhenDone({ api, output }: Session, id: string, waitSeconds: number): Promise<void> {
  const deadlineMs = performance.now() + waitSeconds * 1000;
  for (;;) {
    const task = (await api.get(taskPath(id))) as { status: string };
    if (FINAL.has(task.status)) {
      output.record(task);
      if (task.status === "failed") throw new CliError(EXIT.failure, `Task ${id} failed.`);
      return;
    }
    if (performance.now() > deadlineMs) {
      throw new CliError(EXIT.failure, `Task ${id} is still ${task.status} after ${waitSeconds} s.`);
    }
    await sleep(POLL_MS);
  }
}
