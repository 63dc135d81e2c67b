import { fileURLToPath } from "node:url";
import type { ControlUpdate } from "../../services/simulator/index.ts";
import { request, requestJson } from "../../testkit/http.ts";
import { COMPILE_CACHE } from "../compileCache.ts";
import type { RunFolder } from "../runFolder.ts";
import { ManagedProcess } from "../runtime/managedProcess.ts";

const MAIN = fileURLToPath(new URL("../../services/simulator/main.ts", import.meta.url));

/** A running simulator of the upstream APIs. */
export class SimulatorServer implements AsyncDisposable {
  readonly server: ManagedProcess;
  readonly url: string;

  constructor(server: ManagedProcess, url: string) {
    this.server = server;
    this.url = url;
  }

  /** Changes how the APIs behave. */
  async control(change: ControlUpdate): Promise<void> {
    await request(`${this.url}/control`, { method: "PUT", json: change });
  }

  /** How often the chat API has answered each question. */
  async answers(): Promise<Readonly<Record<string, number>>> {
    return (await requestJson<{ chat: Record<string, number> }>(`${this.url}/control/executions`)).chat;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/**
 * Starts the simulator as a process of its own: an upstream whose answers wait for whatever else its process does would
 * be a slow one.
 */
export async function startSimulatorServer(folder: RunFolder, port: number): Promise<SimulatorServer> {
  const [name, host] = ["simulator", "127.0.0.1"];
  const url = `http://${host}:${port}`;
  const server = new ManagedProcess(
    {
      ...{ name, host, port, cwd: folder.data(name) },
      command: process.execPath,
      args: [MAIN, "--host", host, "--port", String(port)],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE },
      ready: async () => void (await request(`${url}/healthz`)),
    },
    folder,
  );
  await server.start();
  return new SimulatorServer(server, url);
}
