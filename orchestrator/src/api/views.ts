import type { DeadLetter, Receipt, TaskView } from "../queue/task.ts";

/** The API speaks snake_case, the code camelCase. Values of these keys belong to the submitter and stay as they are. */
type OpaqueKey = "result" | "payload";
const OPAQUE_KEYS: ReadonlySet<string> = new Set<OpaqueKey>(["result", "payload"]);

type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : S;
type SnakeCased<T> = T extends readonly (infer Item)[]
  ? SnakeCased<Item>[]
  : T extends object
    ? { [K in keyof T as K extends string ? Snake<K> : K]: K extends OpaqueKey ? T[K] : SnakeCased<T[K]> }
    : T;

/** A receipt as the API tells it; written out, since it is on the hot path. */
export function receiptView(receipt: Receipt) {
  return {
    task_id: receipt.taskId,
    type: receipt.type,
    lane: receipt.lane,
    status: receipt.status,
    duplicate: receipt.duplicate,
  };
}

/** The state of a task as the API tells it. */
export function taskView(view: TaskView) {
  return snakeCased(view);
}

/** A dead letter as the API tells it, the payload parsed where it is JSON. */
export function deadLetterView(letter: DeadLetter) {
  const { payloadJson, ...rest } = letter;
  return { ...snakeCased(rest), payload: parsedOr(payloadJson) };
}

function parsedOr(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** A copy of a view with all keys in snake_case, except inside values that belong to the submitter. */
export function snakeCased<T>(value: T): SnakeCased<T> {
  return convert(value) as SnakeCased<T>;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      OPAQUE_KEYS.has(key) ? item : convert(item),
    ]),
  );
}
