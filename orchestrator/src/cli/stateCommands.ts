import type { Command } from "commander";
import { FAILURE_REASONS } from "../metrics/contract.ts";
import { CliError, EXIT } from "./exitCodes.ts";
import { wholeNumber } from "./options.ts";
import type { Io } from "./output.ts";
import type { Session } from "./taskCommands.ts";
import { repeat, watchOption } from "./watch.ts";

type Rows = readonly Record<string, unknown>[];
type TypeStatus = {
  readonly type: string;
  readonly active: number;
  readonly wanted: number;
  readonly paused: readonly string[];
};
type Watched = { watch?: number | true };
type Filter = { type?: string; reason?: string };

function rowOf({ type, active, wanted, paused }: TypeStatus): Rows[number] {
  return { type, workers: `${active} of ${wanted}`, paused: paused.length === 0 ? undefined : paused.join(", ") };
}

/** Requires a filter or --all, so that a forgotten filter does not select everything. */
function requireChoice(filter: Filter, all: true | undefined): void {
  if ((all === true) !== Object.keys(filter).length > 0) return;
  throw new CliError(EXIT.usage, "Give either a filter (--type, --reason) or --all.");
}

/** Queues, workers and dead letters. */
export function stateCommands(program: Command, session: () => Session, io: Io): void {
  program
    .command("queues")
    .description("show depth, pending, lag and oldest age of each queue")
    .addOption(watchOption())
    .action(async ({ watch }: Watched) => {
      const { api, output } = session();
      const columns = ["type", "lane", "depth", "pending", "lag", "delayed", "oldest_age_seconds", "unaccounted"];
      await repeat(io, watch, async () => {
        const answer = (await api.get("/api/v1/queues")) as { queues: Rows };
        output.rows(answer, answer.queues, columns);
      });
    });

  program
    .command("workers")
    .description("show each worker, and why it starts no tasks")
    .option("--by-type", "how many workers of each type are active, of how many")
    .addOption(watchOption())
    .action(async ({ byType, watch }: Watched & { byType?: true }) => {
      const { api, output } = session();
      const columns = ["worker", "state", "active", "pid", "in_flight", "restarts", "paused"];
      await repeat(io, watch, async () => {
        const answer = (await api.get("/api/v1/workers/status")) as { workers: Rows; types: readonly TypeStatus[] };
        if (byType) output.rows(answer, answer.types.map(rowOf), ["type", "workers", "paused"]);
        else output.rows(answer, answer.workers, columns);
      });
    });

  const dlq = program.command("dlq").description("list, show, retry and discard dead letters");
  dlq
    .command("list")
    .description("list dead letters, newest first")
    .option("-t, --type <type>", "only of this type")
    .option("-r, --reason <reason>", `only of this reason: ${FAILURE_REASONS.join(", ")}`)
    .option("-n, --limit <n>", "number of dead letters", wholeNumber(1), 50)
    .option("--cursor <id>", "next_cursor of the previous page")
    .action(async (options: Filter & { limit: number; cursor?: string }) => {
      const { api, output } = session();
      const query = new URLSearchParams(
        Object.entries(options).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const answer = (await api.get(`/api/v1/dlq?${query}`)) as { items: Rows };
      output.rows(answer, answer.items, ["id", "task_id", "type", "lane", "reason", "attempts", "error"]);
    });
  dlq
    .command("show")
    .description("show one dead letter, its payload and its history")
    .argument("<id>")
    .action(async (id: string) => {
      const { api, output } = session();
      output.record(await api.get(`/api/v1/dlq/${encodeURIComponent(id)}`));
    });
  dlq
    .command("retry")
    .description("put one dead letter back into its queue")
    .argument("<id>")
    .action(async (id: string) => {
      const { api, output } = session();
      output.record(await api.post(`/api/v1/admin/dlq/${encodeURIComponent(id)}/retry`));
    });
  dlq
    .command("retry-all")
    .description("put all matching dead letters back into their queues")
    .option("-t, --type <type>", "only of this type")
    .option("-r, --reason <reason>", `only of this reason: ${FAILURE_REASONS.join(", ")}`)
    .option("--all", "required without a filter")
    .action(async ({ all, ...filter }: Filter & { all?: true }) => {
      requireChoice(filter, all);
      const { api, output } = session();
      output.record(await api.post("/api/v1/admin/dlq/retry", filter));
    });
  dlq
    .command("discard-all")
    .description("discard all matching dead letters for good")
    .option("-t, --type <type>", "only of this type")
    .option("-r, --reason <reason>", `only of this reason: ${FAILURE_REASONS.join(", ")}`)
    .option("--all", "required without a filter")
    .action(async ({ all, ...filter }: Filter & { all?: true }) => {
      requireChoice(filter, all);
      const { api, output } = session();
      output.record(await api.post("/api/v1/admin/dlq/discard", all ? { all } : filter));
    });
  dlq
    .command("discard")
    .description("discard one dead letter for good")
    .argument("<id>")
    .action(async (id: string) => {
      const { api, output } = session();
      await api.send("DELETE", `/api/v1/admin/dlq/${encodeURIComponent(id)}`);
      output.record({ discarded: id });
    });
}
