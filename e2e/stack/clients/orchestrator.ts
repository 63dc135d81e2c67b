import { request, requestJson } from "../../testkit/http.ts";
import { until } from "../../testkit/until.ts";

/** A task to submit; `payload` depends on the type. */
export type TaskSubmission = {
  readonly type: string;
  readonly payload: unknown;
  readonly priority?: number;
  readonly task_id?: string;
  readonly delay_ms?: number;
};

/** A task in the API. */
export type TaskState = {
  readonly task_id: string;
  readonly type: string;
  readonly lane: string;
  readonly status: "queued" | "running" | "retrying" | "completed" | "failed";
  readonly result?: unknown;
  readonly error?: unknown;
};

export type Receipt = Pick<TaskState, "task_id" | "type" | "lane"> & { readonly duplicate: boolean };

/** The orchestrator's HTTP API. */
export class OrchestratorClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  submit(task: TaskSubmission): Promise<Receipt> {
    return requestJson(`${this.url}/api/v1/tasks`, { json: task });
  }

  /** Submits up to 1,000 tasks, all or nothing; receipts in the order of the tasks. */
  async submitBatch(tasks: readonly TaskSubmission[]): Promise<readonly Receipt[]> {
    const answer = await requestJson<{ tasks: Receipt[] }>(`${this.url}/api/v1/tasks/batch`, { json: { tasks } });
    return answer.tasks;
  }

  task(taskId: string): Promise<TaskState> {
    return requestJson(`${this.url}/api/v1/tasks/${encodeURIComponent(taskId)}`);
  }

  /**
   * Waits until a task has its result or is a dead letter.
   *
   * @throws UntilTimeoutError
   */
  waitForEnd(taskId: string, timeoutMs: number): Promise<TaskState> {
    return until(`${taskId} to end`, { timeoutMs }, async () => {
      const task = await this.task(taskId);
      if (task.status !== "completed" && task.status !== "failed") throw new Error(`it is ${task.status}`);
      return task;
    });
  }

  metrics(): Promise<string> {
    return request(`${this.url}/metrics`);
  }
}
