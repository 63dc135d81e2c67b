import type { Command } from "commander";
import { FAILURE_REASONS } from "../metrics/contract.ts";
import { CliError, EXIT } from "./exitCodes.ts";
import { wholeNumber } from "./options.ts";
import type { Session } from "./taskCommands.ts";

type Rows = readonly Record<string, unknown>[];
type Filter = { type?: string; reason?: string };

/** A forgotten filter must not mean everything. */
function requireChoice(filter: Filter, all: true | undefined): void {
  if ((all === true) !== Object.keys(filter).length > 0) return;
  throw new CliError(EXIT.usage, "Give a filter (--type, --reason), or --all and no filter.");
}

/** Queues, workers and dead letters. */
export function stateCommands(program: Command, session: () => Session): void {
  program
    .command("queues")
    .description("show depth, pending, lag and oldest age of every queue")
    .action(async () => {
      const { api, output } = session();
      const answer = (await api.get("/api/v1/queues")) as { queues: Rows };
      const columns = ["type", "lane", "depth", "pending", "lag", "delayed", "oldest_age_seconds", "unaccounted"];
      output.rows(answer, answer.queues, columns);
    });

  program
    .command("workers")
    .description("show every worker, and why a type is not worked on")
    .action(async () => {
      const { api, output } = session();
      const answer = (await api.get("/api/v1/workers/status")) as { workers: Rows };
      output.rows(answer, answer.workers, ["worker", "state", "active", "pid", "in_flight", "restarts", "paused"]);
    });

  const dlq = program.command("dlq").description("look at, retry and discard dead letters");
  dlq
    .command("list")
    .description("list dead letters, newest first")
    .option("-t, --type <type>", "only of this type")
    .option("-r, --reason <reason>", `only of this reason: ${FAILURE_REASONS.join(", ")}`)
    .option("-n, --limit <n>", "how many", wholeNumber(1), 50)
    .option("--cursor <id>", "where the last page ended")
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
    .description("put back all dead letters that match")
    .option("-t, --type <type>", "only of this type")
    .option("-r, --reason <reason>", `only of this reason: ${FAILURE_REASONS.join(", ")}`)
    .option("--all", "needed where no filter is given")
    .action(async ({ all, ...filter }: Filter & { all?: true }) => {
      requireChoice(filter, all);
      const { api, output } = session();
      output.record(await api.post("/api/v1/admin/dlq/retry", filter));
    });
  dlq
    .command("discard-all")
    .description("discard all dead letters that match, for good")
    .option("-t, --type <type>", "only of this type")
    .option("-r, --reason <reason>", `only of this reason: ${FAILURE_REASONS.join(", ")}`)
    .option("--all", "needed where no filter is given")
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
