import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { REPLICAS, type ReplicaIndex } from "./schedule.ts";
import type { System } from "./system/system.ts";

/** An answer of the service: its status, and its body where that is JSON. */
export type Answer = { readonly status: number; readonly body: unknown };

const TIMEOUT_MS = 4_000;

/** Speaks HTTP to the replicas, as a client or an administrator does. */
export class Client {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** One request; undefined where no answer came. */
  async ask(replica: ReplicaIndex, path: string, json?: unknown): Promise<Answer | undefined> {
    try {
      const { statusCode, body } = await request(`${this.#system.replica(replica).url}${path}`, {
        method: json === undefined ? "GET" : "POST",
        headers: {
          ...(path.startsWith("/api/v1/admin/") ? this.#system.adminHeaders : {}),
          ...(json === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const text = await body.text();
      return { status: statusCode, body: text.startsWith("{") ? JSON.parse(text) : text };
    } catch {
      return undefined;
    }
  }

  /** An administrator's request, repeated on both replicas until one does it. @throws when none does in time */
  async order(path: string, json: unknown, timeoutMs: number, only?: ReplicaIndex): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    let last: Answer | undefined;
    for (let n = 0; performance.now() < deadlineMs; n++) {
      last = await this.ask(only ?? (REPLICAS[n % REPLICAS.length] as ReplicaIndex), path, json);
      if (last?.status === 200) return;
      await sleep(100);
    }
    throw new Error(`${path} was not done within ${timeoutMs} ms: ${JSON.stringify(last)}`);
  }
}
