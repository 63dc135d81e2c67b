import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ContainerRuntimeClient, getContainerRuntimeClient } from "testcontainers";
import { reapAtEnd } from "../../e2e/testkit/process/reaper.ts";
import { until } from "../../e2e/testkit/until.ts";
import { canInstall, installPackages } from "./apt.ts";
import { CACHE, hasCommand } from "./command.ts";

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/** No engine answers, and none could be started; the message says why. */
export class EngineError extends Error {
  readonly code = "NO_ENGINE";
  readonly subject = "docker";
}

/** A Docker engine that answers. Disposing of it stops it if it was started here. */
export type Engine = AsyncDisposable & { readonly client: ContainerRuntimeClient };

/** The engine that answers already; undefined if none does. */
export async function runningEngine(): Promise<Engine | undefined> {
  try {
    return { client: await getContainerRuntimeClient(), [Symbol.asyncDispose]: async () => {} };
  } catch {
    return undefined;
  }
}

/**
 * Starts an engine, and installs it if it is missing and packages can be installed.
 *
 * @param say receives each change before it is made to this machine
 * @throws EngineError
 */
export async function startEngine(say: (what: string) => void): Promise<Engine> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new EngineError("No Docker engine answers, and only root on Linux could start one here");
  }
  if (!hasCommand("dockerd")) {
    if (!canInstall()) throw new EngineError("No Docker engine answers, and there is no apt to install one with");
    say("No Docker engine here: installing the Debian package docker.io");
    try {
      await installPackages(["docker.io", "iptables"]);
    } catch (error) {
      throw new EngineError("docker.io could not be installed", { cause: error });
    }
  }
  say("Starting the Docker engine; it is stopped again at the end");
  mkdirSync(join(CACHE, "logs"), { recursive: true });
  const logFile = join(CACHE, "logs", "dockerd.log");
  const log = openSync(logFile, "w");
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log] });
  const release = daemon.pid === undefined ? () => {} : reapAtEnd({ daemon: daemon.pid });
  daemon.once("exit", release);
  const ended = new AbortController();
  daemon.once("error", (error) => ended.abort(error));
  daemon.once("exit", (code) => ended.abort(new Error(`dockerd ended with code ${code}`)));
  try {
    const options = { timeoutMs: START_TIMEOUT_MS, intervalMs: 250, signal: ended.signal };
    const client = await until("the Docker engine to answer", options, () => getContainerRuntimeClient());
    return { client, [Symbol.asyncDispose]: () => stop(daemon) };
  } catch (error) {
    await stop(daemon);
    const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
    throw new EngineError(`The Docker engine did not start: ${lines.at(-1)}`, { cause: error });
  }
}

async function stop(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null || daemon.pid === undefined) return;
  const exited = once(daemon, "exit");
  daemon.kill("SIGTERM");
  const late = setTimeout(() => daemon.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(late);
}
