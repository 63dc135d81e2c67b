import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import type { TaskState } from "./ledger.ts";

/** A task for the submission endpoint. */
export type Submission = {
  readonly task_id: string;
  readonly type: string;
  readonly priority: number;
  readonly payload: unknown;
  /** Delay before it may start. */
  readonly delay_ms?: number;
};

/** The answer to a batch, which is accepted as a whole or not at all. */
export type Answer = "accepted" | "refused" | "unanswered";

const workersSchema = z.object({
  workers: z.array(
    z.object({
      type: z.string(),
      index: z.number(),
      active: z.boolean(),
      pid: z.number().optional(),
      /** Why it takes no tasks; empty if it does. */
      paused: z.string(),
    }),
  ),
});

const wantedSchema = z.object({ types: z.array(z.object({ type: z.string(), wanted: z.number() })) });

const taskSchema = z.object({ status: z.string() });

/** One worker process, as the service reports it. */
export type Worker = z.infer<typeof workersSchema>["workers"][number];

const TIMEOUT_MS = 5_000;

/** The service as its clients see it: over HTTP only. */
export class ServiceApi implements AsyncDisposable {
  readonly #url: string;
  readonly #agent: Agent;
  readonly #token: string | undefined;

  /** @param options `timeoutMs` is the longest time without an answer, `token` that of the admin endpoints */
  constructor(url: string, { timeoutMs = TIMEOUT_MS, token }: { timeoutMs?: number; token?: string } = {}) {
    this.#url = url;
    this.#token = token;
    this.#agent = new Agent({ connections: 32, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  }

  /** Submits a batch. Never throws: no answer is a result too. */
  async submit(tasks: readonly Submission[]): Promise<Answer> {
    try {
      const { statusCode, body } = await this.#request("POST", "/api/v1/tasks/batch", { tasks });
      await body.dump();
      return statusCode < 300 ? "accepted" : "refused";
    } catch (error) {
      return (error as { code?: string }).code === "ECONNREFUSED" ? "refused" : "unanswered";
    }
  }

  /** The state of a task. @throws without a proper answer */
  async find(taskId: string): Promise<TaskState> {
    const { statusCode, body } = await this.#request("GET", `/api/v1/tasks/${encodeURIComponent(taskId)}`);
    if (statusCode === 404) {
      await body.dump();
      return "unknown";
    }
    const { status } = taskSchema.parse(await body.json());
    return status === "completed" || status === "failed" ? status : "open";
  }

  /** Every worker of the service. */
  async workers(): Promise<Worker[]> {
    const { body } = await this.#request("GET", "/api/v1/workers/status");
    return workersSchema.parse(await body.json()).workers;
  }

  /** How many workers of a type this replica should have. */
  async wantedWorkers(type: string): Promise<number> {
    const { body } = await this.#request("GET", "/api/v1/workers/status");
    const { types } = wantedSchema.parse(await body.json());
    return types.find((each) => each.type === type)?.wanted ?? 0;
  }

  /**
   * Uses an admin endpoint, such as `workers/scale`.
   *
   * @throws RangeError if the service rejects it
   */
  async admin(path: string, json?: unknown): Promise<void> {
    const { statusCode, body } = await this.#request("POST", `/api/v1/admin/${path}`, json);
    const answer = await body.text();
    if (statusCode >= 300) throw new RangeError(`POST ${path} was answered with ${statusCode}: ${answer}`);
  }

  /** Sum of the samples of a metric whose labels include the given ones, from /metrics. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { body } = await this.#request("GET", "/metrics");
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return (await body.text())
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((pair) => line.includes(pair)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  #request(method: "GET" | "POST", path: string, json?: unknown): Promise<Dispatcher.ResponseData> {
    return request(`${this.#url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  }
}
