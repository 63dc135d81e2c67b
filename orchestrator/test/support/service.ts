import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { TestFolder } from "@mcp-orchestrator/e2e/testkit/process/folder";
import { HttpProcess } from "@mcp-orchestrator/e2e/testkit/servers/httpProcess";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const handlers = fileURLToPath(new URL("../process/fixtures/handlers.ts", import.meta.url));

/** Intervals that are short enough for tests and long enough for a busy machine. `create` starts the workers by type. */
const SETTINGS = {
  HANDLERS: handlers,
  WORKERS_PER_TYPE: "0",
  WORKER_CONCURRENCY: "8",
  BLOCK_MS: "300",
  REDIS_COMMAND_TIMEOUT_MS: "1500",
  HEARTBEAT_INTERVAL_MS: "200",
  LEASE_INTERVAL_MS: "300",
  ORPHAN_MIN_IDLE_MS: "2500",
  ORPHAN_RECOVERY_INTERVAL_MS: "500",
  TASK_TIMEOUT_MS: "4000",
  TASK_ABORT_GRACE_MS: "500",
  WORKER_UNRESPONSIVE_MS: "5000",
  RETRY_BASE_MS: "50",
  RETRY_CAP_MS: "200",
  SHUTDOWN_TIMEOUT_MS: "5000",
  ADMIN_WITHOUT_TOKEN: "true",
} as const;

/** Time limit for the start of processes, or for many tasks, while other suites run too. */
const START_OR_DRAIN_MS = 30_000;
/** Interval of polls over HTTP. Not shorter, because a scrape takes the service milliseconds. */
const POLL_INTERVAL_MS = 100;

export type WorkerView = {
  worker: string;
  type: string;
  pid: number;
  active: boolean;
  restarts: number;
  heartbeat_age_ms?: number;
};

/** The service as a separate process, like in production. */
export class ServiceProcess {
  /** Its working directory. */
  readonly directory: string;
  readonly url: string;
  readonly #folder: TestFolder;
  readonly #process: HttpProcess;
  readonly #workers: Readonly<Record<string, number>>;
  #output = "";

  /**
   * Prepares the process; `start` starts it.
   *
   * @param environment overrides the settings of tests
   * @param workers number of workers per type; each takes half a second of CPU time to start
   */
  static async create(
    environment: Record<string, string>,
    workers: Readonly<Record<string, number>> = { reasoning: 1 },
  ): Promise<ServiceProcess> {
    return new ServiceProcess(await freePort(), { ...SETTINGS, ...environment }, workers);
  }

  /** Prepares the process with the default settings and these. */
  static async asShipped(environment: Record<string, string>): Promise<ServiceProcess> {
    return new ServiceProcess(await freePort(), { LOG_FILE: "", ...environment }, {});
  }

  private constructor(port: number, environment: Record<string, string>, workers: Readonly<Record<string, number>>) {
    this.#folder = new TestFolder("service");
    this.directory = this.#folder.data("work");
    this.#workers = workers;
    this.#process = new HttpProcess(
      {
        ...{ name: "service", port, script: main, cwd: this.directory, readyPath: "/healthz" },
        env: { PORT: String(port), ...environment },
        onOutput: (text) => {
          this.#output += text;
        },
      },
      this.#folder,
    );
    this.url = this.#process.url;
  }

  /** Starts the process with its workers, and waits until it listens. */
  async start(): Promise<this> {
    this.#output = "";
    await this.#process.start();
    for (const [type, count] of Object.entries(this.#workers)) await this.scale(type, count);
    return this;
  }

  /** Starts the process without waiting. */
  spawn(): void {
    this.#output = "";
    this.#process.launch();
  }

  /** The output since the last start. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Sends a signal to the main process. */
  kill(signal: NodeJS.Signals): void {
    this.#process.send(signal);
  }

  /** Resolves to exit code or signal when the process has ended with all its workers. */
  exited(): Promise<number | NodeJS.Signals | null> {
    return this.#process.ended;
  }

  /** Waits until the service is ready and all workers are active. */
  async ready(): Promise<void> {
    await this.until(
      async () => ({ ready: (await this.get("/readyz")).body, workers: await this.workers() }),
      ({ ready, workers }) => (ready as { ready: boolean }).ready && workers.every(({ active }) => active),
      START_OR_DRAIN_MS,
    );
  }

  /** Waits until a condition holds. Polls slowly, to leave the CPU to the service. */
  async until<T>(observe: () => Promise<T> | T, accept: (observed: T) => boolean, timeoutMs = 10_000): Promise<T> {
    return await eventually(observe, accept, timeoutMs, POLL_INTERVAL_MS);
  }

  async get(path: string): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.url + path, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
  }

  async post(path: string, body: unknown, method = "POST"): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.url + path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Sets the number of workers of a type. */
  async scale(type: string, count: number): Promise<void> {
    const { status, body } = await this.post("/api/v1/admin/workers/scale", { type, count });
    if (status !== 200) throw new Error(`not scaled: ${JSON.stringify(body)}`);
  }

  async workers(): Promise<WorkerView[]> {
    const { body } = await this.get("/api/v1/workers/status");
    return (body as { workers: WorkerView[] }).workers;
  }

  /** Sum of the samples of a metric whose labels contain `labels`; undefined if it is absent. */
  async metric(name: string, labels = ""): Promise<number | undefined> {
    const { body } = await this.get("/metrics");
    const samples = String(body)
      .split("\n")
      .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(labels))
      .map((line) => Number(line.slice(line.lastIndexOf(" "))));
    return samples.length === 0 ? undefined : samples.reduce((sum, value) => sum + value, 0);
  }

  /** Submits tasks of one type with this payload. @returns their ids */
  async submit(count: number, payload: object = {}, type = "reasoning"): Promise<string[]> {
    const task = { type, priority: 15, payload: { journal: this.journal, ...payload } };
    const answer = await this.post("/api/v1/tasks/batch", { tasks: new Array(count).fill(task) });
    if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer)}`);
    return (answer.body as { tasks: { task_id: string }[] }).tasks.map(({ task_id }) => task_id);
  }

  /** Waits until all queues are empty. */
  async drained(observe: () => Promise<unknown> = async () => undefined): Promise<void> {
    await this.until(
      async () => {
        await observe();
        return await this.metric("mcp_consumer_group_lag");
      },
      (lag) => lag === 0,
      START_OR_DRAIN_MS,
    );
  }

  /** The number of tasks in each state. */
  async states(ids: readonly string[]): Promise<Record<string, number>> {
    const views = await Promise.all(ids.map((id) => this.get(`/api/v1/tasks/${id}`)));
    const counts: Record<string, number> = {};
    for (const { body } of views) {
      const { status } = body as { status: string };
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  }

  /** The file to which tasks write that they were started. */
  get journal(): string {
    return join(this.directory, "journal");
  }

  /** Ids of started tasks, in order, once per start. */
  async started(): Promise<string[]> {
    return (await readFile(this.journal, "utf8").catch(() => "")).split("\n").filter((id) => id !== "");
  }

  /** Writes a file to its working directory. @returns its path */
  async file(name: string, content: string): Promise<string> {
    await writeFile(join(this.directory, name), content);
    return join(this.directory, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.kill();
    await this.#process.ended;
    this.#folder[Symbol.dispose]();
  }
}

/** True while a process with this id exists. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
