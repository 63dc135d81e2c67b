import { Argument, type Command, InvalidArgumentError } from "commander";
import { LANES, type Lane } from "../metrics/contract.ts";
import { CliError, EXIT } from "./exitCodes.ts";
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

/** A number of workers; `now` is the present one of the type, `most` that of the type with the most. */
type Workers = { absolute: number } | { relative: (now: number, most: number) => number };

function workers(text: string): Workers {
  if (text === "most") return { relative: (_, most) => most };
  const [, change, digits = ""] = /^([-+x/]?)(\d+)$/.exec(text) ?? [];
  const count = Number(digits);
  if (change === undefined || !Number.isSafeInteger(count) || (change === "/" && count === 0)) {
    throw new InvalidArgumentError("must be a whole number, a change such as +2, -2, x4 or /4, or most.");
  }
  if (change === "") return { absolute: count };
  if (change === "+") return { relative: (now) => now + count };
  if (change === "-") return { relative: (now) => now - count };
  return { relative: (now) => (change === "x" ? now * count : Math.floor(now / count)) };
}

/** Runtime switches and repairs. */
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
    .description("reject submissions above the rate (default: RATE_LIMIT_PER_SECOND)")
    .option("--per-second <n>", "tasks per second over all replicas; 0 rejects all", rate)
    .action(({ perSecond }: { perSecond?: number }) =>
      post("/api/v1/admin/rate-limit/enable", perSecond === undefined ? undefined : { per_second: perSecond }),
    );
  rateLimit
    .command("disable")
    .description("remove the rate limit")
    .action(() => post("/api/v1/admin/rate-limit/disable"));

  const bypass = program
    .command("express-bypass")
    .description("route express tasks to the regular lane, on all replicas");
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
    .description("set the number of workers of a type on this replica, until it restarts")
    .argument("<type>")
    .argument(
      "<count>",
      "number of workers; a change such as +2, -2, x4 or /4, never below 1; or most: as many as the largest type has",
      workers,
    )
    .action(async (type: string, count: Workers) => {
      const path = "/api/v1/admin/workers/scale";
      if ("absolute" in count) return post(path, { type, count: count.absolute });
      const { api } = session();
      const { types } = (await api.get("/api/v1/workers/status")) as { types: { type: string; wanted: number }[] };
      const own = types.find((each) => each.type === type);
      if (own === undefined) throw new CliError(EXIT.notFound, `There is no type ${type} on this replica.`);
      const wanted = count.relative(own.wanted, Math.max(...types.map((each) => each.wanted)));
      return post(path, { type, count: Math.max(1, wanted) });
    });

  program
    .command("write-off")
    .description("write off lost tasks, after submitting them again or accepting the loss")
    .argument("<type>")
    .addArgument(new Argument("<lane>").choices(LANES))
    .argument("<count>", "number of unaccounted tasks, as `queues` shows it", integer)
    .action((type: string, lane: Lane, count: number) => post("/api/v1/admin/books/write-off", { type, lane, count }));

  for (const [action, description] of [
    ["pause", "stop starting tasks of a type on all replicas; they stay queued"],
    ["resume", "start tasks of a type again, on all replicas"],
  ] as const) {
    program
      .command(action)
      .description(description)
      .argument("<type>")
      .action((type: string) => post(`/api/v1/admin/types/${encodeURIComponent(type)}/${action}`));
  }

  program
    .command("log-level")
    .description("show or change the log level of this replica, until it restarts")
    .argument("[level]", "trace, debug, info, warn, error or fatal")
    .action(async (level: string | undefined) => {
      if (level === undefined) return get("/api/v1/admin/log-level");
      const { api, output } = session();
      output.record(await api.send("PUT", "/api/v1/admin/log-level", JSON.stringify({ level })));
    });
}
