import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { messageOf } from "../errors.ts";
import type { ApiClient } from "./apiClient.ts";
import { CliError, EXIT } from "./exitCodes.ts";
import { jsonText, wholeNumber } from "./options.ts";
import type { Io, Output } from "./output.ts";

/** What every command gets, once the global options are known. */
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
    .argument("[payload]", "the payload as JSON; without it --file or standard input is read", jsonText)
    .option("-f, --file <path>", "read the payload from a file")
    .option("-p, --priority <n>", "0 to 100; 12 and above take the express lane", wholeNumber(0))
    .option("--id <task_id>", "makes the submission idempotent")
    .option("--delay <ms>", "start no earlier than this from now", wholeNumber(0))
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
      // The payload's own text: what the submitter wrote is what the handler gets.
      const body = `${JSON.stringify(fields).slice(0, -1)},"payload":${payload ?? (await readPayload(options.file, io))}}`;
      const receipt = (await api.send("POST", "/api/v1/tasks", body)) as { task_id: string };
      if (options.wait === undefined) output.record(receipt);
      else await showWhenDone(session(), receipt.task_id, options.wait);
    });

  program
    .command("status")
    .description("show the state of a task, and its result or error")
    .argument("<task_id>")
    .option("-w, --wait <seconds>", "wait until it has ended", wholeNumber(1))
    .action(async (id: string, { wait }: { wait?: number }) => {
      const { api, output } = session();
      if (wait === undefined) output.record(await api.get(taskPath(id)));
      else await showWhenDone(session(), id, wait);
    });

  program
    .command("explain")
    .description("tell why a task is not running, or where it runs")
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
