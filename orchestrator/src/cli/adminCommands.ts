import { Argument, type Command, InvalidArgumentError } from "commander";
import { LANES, type Lane } from "../metrics/contract.ts";
import { wholeNumber } from "./options.ts";
import type { Session } from "./taskCommands.ts";

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError("must be a number from 0.");
  }
  return value;
}

function integer(text: string): number {
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new InvalidArgumentError("must be a whole number.");
  }
  return Number(text);
}

/** Switches and repairs. */
export function adminCommands(program: Command, session: () => Session): void {
  const get = async (path: string) => {
    const { api, output } = session();
    output.record(await api.get(path));
  };
  const post = async (path: string, body?: object) => {
    const { api, output } = session();
    output.record(await api.post(path, body));
  };

  const rateLimit = program.command("rate-limit").description("limit submissions on all replicas");
  rateLimit
    .command("show", { isDefault: true })
    .description("show the rate limit")
    .action(() => get("/api/v1/admin/rate-limit"));
  rateLimit
    .command("enable")
    .description("refuse what exceeds the rate; without one the configured rate counts")
    .option("--per-second <n>", "tasks per second over all replicas; 0 refuses all", rate)
    .action(({ perSecond }: { perSecond?: number }) =>
      post("/api/v1/admin/rate-limit/enable", perSecond === undefined ? undefined : { per_second: perSecond }),
    );
  rateLimit
    .command("disable")
    .description("lift the rate limit")
    .action(() => post("/api/v1/admin/rate-limit/disable"));

  const bypass = program.command("express-bypass").description("route express tasks to the regular lane");
  bypass
    .command("show", { isDefault: true })
    .description("show whether the express lane is bypassed")
    .action(() => get("/api/v1/admin/express-bypass"));
  for (const action of ["enable", "disable"]) {
    bypass
      .command(action)
      .description(`${action} the bypass`)
      .action(() => post(`/api/v1/admin/express-bypass/${action}`));
  }

  program
    .command("scale")
    .description("set the number of workers of a type")
    .argument("<type>")
    .argument("<count>", "workers", wholeNumber(0))
    .action((type: string, count: number) => post("/api/v1/admin/workers/scale", { type, count }));

  program
    .command("write-off")
    .description("write off lost tasks, once they were submitted again or are given up")
    .argument("<type>")
    .addArgument(new Argument("<lane>").choices(LANES))
    .argument("<count>", "what `queues` shows as unaccounted", integer)
    .action((type: string, lane: Lane, count: number) => post("/api/v1/admin/books/write-off", { type, lane, count }));

  for (const [action, description] of [
    ["pause", "stop working on a type's tasks; they stay queued"],
    ["resume", "work on a type's tasks again"],
  ] as const) {
    program
      .command(action)
      .description(description)
      .argument("<type>")
      .action((type: string) => post(`/api/v1/admin/types/${encodeURIComponent(type)}/${action}`));
  }

  program
    .command("log-level")
    .description("show or change the log level")
    .argument("[level]", "trace, debug, info, warn, error or fatal")
    .action(async (level: string | undefined) => {
      if (level === undefined) return get("/api/v1/admin/log-level");
      const { api, output } = session();
      output.record(await api.send("PUT", "/api/v1/admin/log-level", JSON.stringify({ level })));
    });
}
