import { z } from "zod";
import { TASK_TYPE_PATTERN, TASK_TYPE_RULE } from "../metrics/contract.ts";

/** Parsers for the text of environment variables. */

/** A whole number between two bounds, both included. */
export function wholeNumber(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`));
}

/** A number between two bounds, both included. */
export function decimal(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, "must be a number")
    .transform(Number)
    .pipe(z.number().min(minimum, `must be at least ${minimum}`).max(maximum, `must be at most ${maximum}`));
}

/** Exactly `true` or `false`. */
export const flag = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");

/** An absolute URL of one of these protocols. */
export function url(...protocols: readonly string[]) {
  return z.string().refine(
    (text) => {
      const parsed = URL.parse(text);
      return parsed !== null && protocols.includes(parsed.protocol.slice(0, -1));
    },
    `must be a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(" or ")}`,
  );
}

/** A `redis://` or `rediss://` URL whose user and password can be decoded. Problems omit it: it may contain a password. */
export const redisUrl = url("redis", "rediss").refine((text) => {
  const parsed = URL.parse(text);
  try {
    decodeURIComponent(`${parsed?.username}${parsed?.password}`);
    return true;
  } catch {
    return false;
  }
}, "has a % in its user or password that does not start an escape sequence: write it as %25");

export type HostAndPort = { readonly host: string; readonly port: number };

/** `host:port,host:port`; may be empty. */
export const hostList = z.string().transform((text, context): HostAndPort[] =>
  splitList(text).flatMap((item) => {
    const match = /^\[?([^\s\]]+?)\]?:(\d{1,5})$/.exec(item);
    const port = Number(match?.[2]);
    if (match?.[1] !== undefined && port > 0 && port < 65_536) return [{ host: match[1], port }];
    context.addIssue({ code: "custom", message: `must be a list of host:port; invalid: ${JSON.stringify(item)}` });
    return [];
  }),
);

/** `name,name`; may be empty. */
export const nameList = z.string().transform(splitList);

/** The settings per task type in TASK_OVERRIDES. */
export const taskOverrides = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "must be JSON" });
      return z.NEVER;
    }
  })
  .pipe(
    z.record(
      z.string().regex(TASK_TYPE_PATTERN, TASK_TYPE_RULE),
      z.strictObject({
        timeoutMs: z.number().int().min(1).max(3_600_000).optional(),
        maxAttempts: z.number().int().min(1).max(100).optional(),
      }),
    ),
  );

function splitList(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
