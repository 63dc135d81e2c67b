import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import type { TaskState } from "./ledger.ts";

/** A task as the submission endpoint takes it. */
export type Submission = {
  readonly task_id: string;
  readonly type: string;
  readonly priority: number;
  readonly payload: unknown;
};

/** How a batch was answered; it is accepted whole or not at all. */
export type Answer = "accepted" | "refused" | "unanswered";

const workersSchema = z.object({
  workers: z.array(z.object({ type: z.string(), index: z.number(), active: z.boolean(), pid: z.number().optional() })),
});

const taskSchema = z.object({ status: z.string() });

/** One worker process, as the service itself tells. */
export type Worker = z.infer<typeof workersSchema>["workers"][number];

const TIMEOUT_MS = 5_000;

/** The service as its clients see it: over HTTP and nothing else. */
export class ServiceApi implements AsyncDisposable {
  readonly #url: string;
  readonly #agent = new Agent({ connections: 32, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });

  constructor(url: string) {
    this.#url = url;
  }

  /** Submits a batch. Never throws: a service that is down is an answer. */
  async submit(tasks: readonly Submission[]): Promise<Answer> {
    try {
      const { statusCode, body } = await this.#request("POST", "/api/v1/tasks/batch", { tasks });
      await body.dump();
      return statusCode < 300 ? "accepted" : "refused";
    } catch (error) {
      return (error as { code?: string }).code === "ECONNREFUSED" ? "refused" : "unanswered";
    }
  }

  /** Where a task is. @throws where the service does not answer properly */
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
      ...(json === undefined ? {} : { body: JSON.stringify(json), headers: { "content-type": "application/json" } }),
    });
  }
}
