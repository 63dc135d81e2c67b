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

/**
 * A dead letter as the API shows it, as JSON text. The payload is shown as it is stored: encoding it again would round
 * its numbers, and fail for one that is nested deep. What is not JSON is shown as a string.
 */
export function deadLetterJson({ payloadJson, ...rest }: DeadLetter): string {
  const payload = isJson(payloadJson) ? payloadJson : JSON.stringify(payloadJson);
  return `${JSON.stringify(snakeCased(rest)).slice(0, -1)},"payload":${payload}}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
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
