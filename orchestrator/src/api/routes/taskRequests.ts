import type { z } from "zod";
import { UNKNOWN_TYPE } from "../../metrics/layout.ts";
import { isDeeperThan, sliceOfMember, slicesOfArray } from "../../queue/jsonSlices.ts";
import { DEFAULT_PRIORITY, laneOf, MAX_BATCH_TASKS, type TaskRequest } from "../../queue/task.ts";
import { MAX_PAYLOAD_DEPTH } from "../limits.ts";
import type { HttpPorts } from "../ports.ts";
import { type FieldProblem, HttpProblem } from "../problem.ts";
import { taskSchema } from "./taskSchemas.ts";

/** Limit of reported problems per task. */
const MAX_PROBLEMS_PER_TASK = 10;

type Checked = { readonly request: TaskRequest } | { readonly tooLarge: boolean; readonly problems: FieldProblem[] };

/** Converts bodies of submissions to tasks, or reports all their problems. */
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
    this.#countInvalid([body]);
    throw refusal(checked.problems, checked.tooLarge);
  }

  /** @throws HttpProblem with the index of each invalid task: 413 if all of them are too large, otherwise 422 */
  batch(body: unknown, text: string): TaskRequest[] {
    const tasks = tasksOf(body);
    if (!Array.isArray(tasks)) {
      this.#countInvalid([undefined]);
      throw refusal(tasks.problems, false);
    }
    if (tasks.length > MAX_BATCH_TASKS) {
      this.#countInvalid(tasks);
      throw new HttpProblem(
        413,
        "BATCH_TOO_LARGE",
        `A batch may have at most ${MAX_BATCH_TASKS} tasks, not ${tasks.length}: split it.`,
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
    this.#countInvalid(tasks);
    throw refusal(problems, onlyTooLarge);
  }

  /** Counts each task by its type and lane, as far as it names them: text of a client must never become a label. */
  #countInvalid(tasks: readonly unknown[]): void {
    for (const task of tasks) {
      const { type, priority } = Object(task) as Record<string, unknown>;
      const known = typeof type === "string" && this.#types.has(type) ? type : UNKNOWN_TYPE;
      this.#telemetry.invalid(known, laneOf(typeof priority === "number" ? priority : DEFAULT_PRIORITY));
    }
  }

  #check(task: unknown, text: string): Checked {
    const parsed = taskSchema.safeParse(task);
    if (!parsed.success) return { tooLarge: false, problems: problemsOf(parsed.error, []) };
    const { type, payload, priority, task_id: taskId, delay_ms: delayMs } = parsed.data;
    const handler = this.#types.get(type);
    if (handler === undefined) {
      const known = [...this.#types.keys()].join(", ");
      return { tooLarge: false, problems: [{ path: "type", message: `unknown task type; known types: ${known}` }] };
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
