import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ConfigError, messageOf } from "../errors.ts";
import { TASK_TYPE_PATTERN, TASK_TYPE_RULE, UPSTREAMS } from "../metrics/contract.ts";
import type { TaskHandler } from "../queue/consume/handler.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { codegenHandler, reasoningHandler } from "./chat.ts";
import { mlHandler } from "./ml.ts";

/** The default export of a module that HANDLERS names: handlers, or a function that creates them. */
export type HandlerModule =
  | readonly TaskHandler[]
  | ((upstreams: Pick<Upstreams, "chat" | "market">) => readonly TaskHandler[] | Promise<readonly TaskHandler[]>);

/** Type names that already have a meaning in keys or metric labels. */
const RESERVED_TYPES: ReadonlySet<string> = new Set(["dlq", "unknown"]);

const handlerSchema = z.object({
  type: z
    .string()
    .regex(TASK_TYPE_PATTERN, TASK_TYPE_RULE)
    .refine((type) => !RESERVED_TYPES.has(type), "is reserved"),
  run: z.custom<TaskHandler["run"]>((value) => typeof value === "function", "must be a function"),
  schema: z
    .custom<z.ZodType>(
      (value) => typeof (value as z.ZodType | undefined)?.safeParse === "function",
      "must be a zod schema, or left out",
    )
    .optional(),
  upstream: z.enum(UPSTREAMS).optional(),
});

/**
 * Loads the handlers by task type. The handlers of the module that HANDLERS names replace and extend the built-in ones.
 *
 * @param path path of the module, relative to the working directory; empty for none
 * @throws ConfigError if the module is not valid
 */
export async function loadHandlers(
  path: string,
  upstreams: Pick<Upstreams, "chat" | "market">,
): Promise<ReadonlyMap<string, TaskHandler>> {
  const builtIn = [reasoningHandler(upstreams.chat), codegenHandler(upstreams.chat), mlHandler(upstreams.market)];
  const handlers = new Map(builtIn.map((handler) => [handler.type, handler]));
  if (path === "") return handlers;
  const problems: string[] = [];
  const own = new Set<string>();
  for (const [index, given] of (await importHandlers(path, upstreams)).entries()) {
    const parsed = handlerSchema.safeParse(given);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) {
        problems.push(`HANDLERS=${path}: handler ${index}: ${issue.path.join(".") || "it"}: ${issue.message}`);
      }
      continue;
    }
    // Not the parsed copy, because a handler may be an instance of a class.
    const handler = given as TaskHandler;
    if (own.has(handler.type))
      problems.push(`HANDLERS=${path}: handler ${index}: ${handler.type} already has a handler in this module`);
    own.add(handler.type);
    handlers.set(handler.type, handler);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return handlers;
}

async function importHandlers(path: string, upstreams: Pick<Upstreams, "chat" | "market">): Promise<unknown[]> {
  let found: unknown;
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
    found = typeof module.default === "function" ? await module.default(upstreams) : module.default;
  } catch (error) {
    throw new ConfigError([`HANDLERS=${path}: cannot be loaded: ${messageOf(error)}`]);
  }
  if (!Array.isArray(found) || found.length === 0) {
    throw new ConfigError([
      `HANDLERS=${path}: the default export must be a list of handlers, or a function that returns one`,
    ]);
  }
  return found;
}
