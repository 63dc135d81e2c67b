import type { z } from "zod";
import { MAX_BATCH_TASKS, type TaskRequest } from "../queue/task.ts";
import { isDeeperThan, sliceOfMember, slicesOfArray } from "./jsonSlices.ts";
import { MAX_PAYLOAD_DEPTH } from "./limits.ts";
import type { HttpPorts } from "./ports.ts";
import { type FieldProblem, HttpProblem } from "./problem.ts";
import { taskSchema } from "./taskSchemas.ts";

/** Problems reported for one task; a payload of thousands of wrong fields is wrong enough by then. */
const MAX_PROBLEMS_PER_TASK = 10;

/** Label of refused submissions that named no known type: text of a caller must never become a label. */
const UNKNOWN_TYPE = "unknown";

type Checked = { readonly request: TaskRequest } | { readonly tooLarge: boolean; readonly problems: FieldProblem[] };

/** Turns bodies of submissions into tasks, or says everything that is wrong with them. */
export class TaskRequests {
  readonly #types: HttpPorts["types"];
  readonly #telemetry: HttpPorts["telemetry"];
  readonly #maxPayloadBytes: number;

  constructor(deps: Pick<HttpPorts, "types" | "telemetry"> & { readonly maxPayloadBytes: number }) {
    this.#types = deps.types;
    this.#telemetry = deps.telemetry;
    this.#maxPayloadBytes = deps.maxPayloadBytes;
  }

  /** @throws HttpProblem 413 for a payload that is too large, 422 for other invalid fields */
  single(body: unknown, text: string): TaskRequest {
    const checked = this.#check(body, text);
    if ("request" in checked) return checked.request;
    this.countRejected([body], "invalid");
    throw refusal(checked.problems, checked.tooLarge);
  }

  /** @throws HttpProblem that names every bad task by its index: 413 where all of them are too large, otherwise 422 */
  batch(body: unknown, text: string): TaskRequest[] {
    const tasks = tasksOf(body);
    if (!Array.isArray(tasks)) {
      this.countRejected([undefined], "invalid");
      throw refusal(tasks.problems, false);
    }
    if (tasks.length > MAX_BATCH_TASKS) {
      this.countRejected(tasks, "invalid");
      throw new HttpProblem(
        413,
        "BATCH_TOO_LARGE",
        `A batch holds ${MAX_BATCH_TASKS} tasks at most, not ${tasks.length}: split it.`,
      );
    }
    const slices = slicesOfArray(sliceOfMember(text, "tasks") ?? "[]");
    const requests: TaskRequest[] = [];
    const problems: FieldProblem[] = [];
    let onlyTooLarge = true;
    for (const [index, task] of tasks.entries()) {
      const checked = this.#check(task, slices[index] ?? "");
      if ("request" in checked) requests.push(checked.request);
      else {
        onlyTooLarge &&= checked.tooLarge;
        for (const problem of checked.problems) problems.push({ index, ...problem });
      }
    }
    if (problems.length === 0) return requests;
    this.countRejected(tasks, "invalid");
    throw refusal(problems, onlyTooLarge);
  }

  /** Counts refused tasks by the type they named, where it is a known one. */
  countRejected(tasks: readonly unknown[], reason: Parameters<HttpPorts["telemetry"]["rejected"]>[1]): void {
    const counts = new Map<string, number>();
    for (const task of tasks) {
      const named = typeof task === "object" && task !== null && "type" in task ? task.type : undefined;
      const type = typeof named === "string" && this.#types.has(named) ? named : UNKNOWN_TYPE;
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    for (const [type, count] of counts) this.#telemetry.rejected(type, reason, count);
  }

  #check(task: unknown, text: string): Checked {
    const parsed = taskSchema.safeParse(task);
    if (!parsed.success) return { tooLarge: false, problems: problemsOf(parsed.error, []) };
    const { type, payload, priority, task_id: taskId, delay_ms: delayMs } = parsed.data;
    const handler = this.#types.get(type);
    if (handler === undefined) {
      const known = [...this.#types.keys()].join(", ");
      return { tooLarge: false, problems: [{ path: "type", message: `unknown task type; known are ${known}` }] };
    }
    const payloadJson = sliceOfMember(text, "payload");
    if (payloadJson === undefined) return { tooLarge: false, problems: [{ path: "payload", message: "is missing" }] };
    const bytes = Buffer.byteLength(payloadJson);
    if (bytes > this.#maxPayloadBytes) {
      const message = `is ${bytes} bytes, more than the ${this.#maxPayloadBytes} allowed`;
      return { tooLarge: true, problems: [{ path: "payload", message }] };
    }
    if (isDeeperThan(payloadJson, MAX_PAYLOAD_DEPTH)) {
      const message = `is nested deeper than the ${MAX_PAYLOAD_DEPTH} levels allowed`;
      return { tooLarge: false, problems: [{ path: "payload", message }] };
    }
    const valid = handler.schema?.safeParse(payload);
    if (valid !== undefined && !valid.success) {
      return { tooLarge: false, problems: problemsOf(valid.error, ["payload"]) };
    }
    return {
      request: {
        type,
        priority,
        payloadJson,
        ...(taskId === undefined ? {} : { taskId }),
        ...(delayMs === undefined ? {} : { delayMs }),
      },
    };
  }
}

function tasksOf(body: unknown): unknown[] | { problems: FieldProblem[] } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { problems: [{ path: "", message: "must be an object with a list of tasks" }] };
  }
  const { tasks, ...others } = body as Record<string, unknown>;
  const extra = Object.keys(others).slice(0, MAX_PROBLEMS_PER_TASK);
  if (extra.length > 0) return { problems: extra.map((path) => ({ path, message: "unknown field" })) };
  if (!Array.isArray(tasks)) return { problems: [{ path: "tasks", message: "must be a list of tasks" }] };
  if (tasks.length === 0) return { problems: [{ path: "tasks", message: "must not be empty" }] };
  return tasks;
}

function problemsOf(error: z.ZodError, prefix: readonly string[]): FieldProblem[] {
  return error.issues.slice(0, MAX_PROBLEMS_PER_TASK).map(({ path, message }) => ({
    path: [...prefix, ...path.map(String)].join("."),
    message,
  }));
}

function refusal(errors: FieldProblem[], tooLarge: boolean): HttpProblem {
  return tooLarge
    ? new HttpProblem(413, "PAYLOAD_TOO_LARGE", "A payload is too large; nothing was enqueued.", { errors })
    : new HttpProblem(422, "TASK_INVALID", "Nothing was enqueued: the submission has invalid fields.", { errors });
}
