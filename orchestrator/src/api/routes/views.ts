import type { FastifyReply } from "fastify";
import type { TaskExplanation } from "../../queue/inspect/explain.ts";
import type { DeadLetter, Receipt, TaskView } from "../../queue/task.ts";

/** Converts names from camelCase, as in the code, to snake_case, as in the API. */
type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : S;
type SnakeCased<T> = T extends readonly (infer Item)[]
  ? SnakeCased<Item>[]
  : T extends object
    ? { [K in keyof T as K extends string ? Snake<K> : K]: SnakeCased<T[K]> }
    : T;

/** A receipt as the API returns it. Written out, because it is on the hot path. */
export function receiptView(receipt: Receipt) {
  return {
    task_id: receipt.taskId,
    type: receipt.type,
    lane: receipt.lane,
    status: receipt.status,
    duplicate: receipt.duplicate,
  };
}

/** The state of a task as JSON text, with its result as stored. */
export function taskJson({ resultJson, ...rest }: TaskView): string {
  return resultJson === undefined
    ? JSON.stringify(snakeCased(rest))
    : withStored(snakeCased(rest), "result", resultJson);
}

/** An explanation as JSON text. */
export function explanationJson({ task, ...rest }: TaskExplanation): string {
  return `{"task":${taskJson(task)},${JSON.stringify(snakeCased(rest)).slice(1)}`;
}

/** A dead letter as JSON text, with its payload as stored. */
export function deadLetterJson({ payloadJson, ...rest }: DeadLetter): string {
  return withStored(snakeCased(rest), "payload", payloadJson);
}

/**
 * Adds stored JSON unchanged: encoding it again would round its numbers, and fail for deep nesting. Text that is not JSON
 * becomes a string.
 */
function withStored(view: object, name: string, stored: string): string {
  const value = isJson(stored) ? stored : JSON.stringify(stored);
  return `${JSON.stringify(view).slice(0, -1)},"${name}":${value}}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A copy of a view with all keys in snake_case. Does not use change-case, with which a page of 1,000 dead letters would
 * block all other requests for 10 ms more.
 */
export function snakeCased<T>(value: T): SnakeCased<T> {
  return convert(value) as SnakeCased<T>;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      convert(item),
    ]),
  );
}

/** Sends JSON text. The schema of the route describes its content. */
export function sendJson(reply: unknown, text: string): never {
  return (reply as FastifyReply).type("application/json; charset=utf-8").send(text) as never;
}
