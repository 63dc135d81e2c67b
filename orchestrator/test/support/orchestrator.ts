import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The service as its own processes: main process and workers, with its API on a free loopback port. */
export type OrchestratorProcess = AsyncDisposable & {
  readonly url: string;
  readonly pid: number;
  /** Everything it has written so far. */
  log(): string;
  /** Asks it to end, and resolves with its exit code. */
  stop(): Promise<number | null>;
};

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const STOP_TIMEOUT_MS = 20_000;

/**
 * Starts the service.
 *
 * @param environment settings, over PATH and a free port; REDIS_URL at least. The log level must let info lines through:
 *   one of them tells the port
 */
export async function startOrchestrator(environment: Record<string, string>): Promise<OrchestratorProcess> {
  const directory = await mkdtemp(join(tmpdir(), "orchestrator-"));
  const child = spawn(process.execPath, [MAIN], {
    cwd: directory,
    env: { PATH: process.env.PATH, PORT: "0", LOG_FILE: "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let listens = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        output += chunk;
        // Looked for in all of the output, so only until it is found.
        const found = listens ? undefined : /Orchestrator listens on (http:[^"\s]+)/.exec(output)?.[1];
        if (found === undefined) return;
        listens = true;
        resolve(found);
      });
    }
    child.once("exit", (code) => reject(new Error(`the service ended with ${code}: ${output}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const code = await exited;
    clearTimeout(kill);
    await rm(directory, { recursive: true, force: true });
    return code;
  };
  return {
    url,
    pid: child.pid ?? 0,
    log: () => output,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
