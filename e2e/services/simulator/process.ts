import { fileURLToPath } from "node:url";
import { request, requestJson } from "../../testkit/http.ts";
import { freePort } from "../../testkit/ports.ts";
import { TestFolder } from "../../testkit/process/folder.ts";
import { HttpProcess } from "../../testkit/servers/httpProcess.ts";
import { LOOPBACK } from "../../testkit/servers/runtime.ts";
import type { ApiStats } from "./api.ts";
import { type ApiName, type ControlUpdate, HEALTHY } from "./control.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** A running simulator of the upstream APIs. */
export class SimulatorProcess implements AsyncDisposable {
  readonly server: HttpProcess;
  readonly url: string;

  readonly #parts: AsyncDisposable;

  constructor(server: HttpProcess, parts: AsyncDisposable) {
    this.server = server;
    this.url = server.url;
    this.#parts = parts;
  }

  /** Changes how the APIs behave. Absent fields stay as they are. */
  async control(change: ControlUpdate): Promise<void> {
    await request(`${this.url}/control`, { method: "PUT", json: change });
  }

  /** Makes the APIs healthy and resets the counters. */
  async reset(): Promise<void> {
    await this.control({ chat: HEALTHY, market: HEALTHY });
    await request(`${this.url}/control/stats`, { method: "DELETE" });
  }

  /** The counters of each API. */
  stats(): Promise<Readonly<Record<ApiName, ApiStats>>> {
    return requestJson(`${this.url}/control/stats`);
  }

  /** How often the chat API has answered each question. */
  async answers(): Promise<Readonly<Record<string, number>>> {
    return (await requestJson<{ chat: Record<string, number> }>(`${this.url}/control/executions`)).chat;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
  }
}

/**
 * Starts the simulator as a separate process, so that its answers do not wait for other work of this one.
 *
 * @param options by default a free port and a new folder
 */
export async function startSimulatorProcess(
  options: { readonly port?: number; readonly folder?: TestFolder } = {},
): Promise<SimulatorProcess> {
  await using parts = new AsyncDisposableStack();
  const port = options.port ?? (await freePort());
  const folder = options.folder ?? parts.use(new TestFolder("simulator"));
  const args = ["--host", LOOPBACK, "--port", String(port)];
  const server = new HttpProcess({ name: "simulator", port, script: MAIN, args, readyPath: "/healthz" }, folder);
  parts.use(server);
  await server.start();
  return new SimulatorProcess(server, parts.move());
}
