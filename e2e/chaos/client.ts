import { request } from "undici";
import { until } from "../testkit/until.ts";
import { REPLICAS, type ReplicaIndex } from "./schedule.ts";
import type { System } from "./system/system.ts";

/** An answer of the service: its status, and its body if that is JSON. */
export type Answer = { readonly status: number; readonly body: unknown };

const TIMEOUT_MS = 4_000;
const ORDER_INTERVAL_MS = 100;

/** Sends requests to the replicas, as a client or an administrator. */
export class Client {
  readonly #system: System;
  readonly #signal: AbortSignal;

  /** @param signal ends the requests */
  constructor(system: System, signal: AbortSignal) {
    this.#system = system;
    this.#signal = signal;
  }

  /** One request; undefined without an answer. */
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
        signal: this.#signal,
      });
      const text = await body.text();
      return { status: statusCode, body: text.startsWith("{") ? JSON.parse(text) : text };
    } catch {
      return undefined;
    }
  }

  /** An administrator's request, repeated on both replicas until one accepts it. @throws if none does in time */
  async order(path: string, json: unknown, timeoutMs: number, only?: ReplicaIndex): Promise<void> {
    const options = { timeoutMs, intervalMs: ORDER_INTERVAL_MS, signal: this.#signal };
    let turn = 0;
    await until(`the order ${path}`, options, async () => {
      const answer = await this.ask(only ?? (REPLICAS[turn++ % REPLICAS.length] as ReplicaIndex), path, json);
      if (answer?.status !== 200) throw new Error(answer === undefined ? "no answer" : JSON.stringify(answer));
    });
  }
}
