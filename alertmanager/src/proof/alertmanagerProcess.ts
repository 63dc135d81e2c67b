import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type AlertmanagerRelease, alertmanager } from "@mcp-orchestrator/alerts/tools";

const START_DEADLINE_MS = 30_000;

/** An alert as Prometheus posts it. */
export type PostedAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly generatorURL?: string;
};

export type AlertStatus = {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
};

/** Alertmanager did not start, or refused what it was sent. */
export class AlertmanagerError extends Error {
  readonly code = "ALERTMANAGER";
  readonly subject: string;

  constructor(subject: string, message: string) {
    super(message);
    this.name = "AlertmanagerError";
    this.subject = subject;
  }
}

/** A real Alertmanager on a port of its own, with a folder that goes away with it. */
export class AlertmanagerProcess implements AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  readonly #child: ChildProcess;

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.url = url;
    this.folder = folder;
    this.#child = child;
  }

  /** @param config given the folder, so that secrets can lie in it */
  static async start(
    release: AlertmanagerRelease,
    config: (folder: string) => string | Promise<string>,
  ): Promise<AlertmanagerProcess> {
    const folder = await mkdtemp(join(tmpdir(), "alertmanager-"));
    await writeFile(join(folder, "alertmanager.yml"), await config(folder));
    const child = spawn(
      alertmanager(release),
      [
        `--config.file=${folder}/alertmanager.yml`,
        `--storage.path=${folder}/data`,
        "--web.listen-address=127.0.0.1:0",
        "--web.external-url=http://alertmanager.example:9093",
        "--web.route-prefix=/",
        "--cluster.listen-address=",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    try {
      return new AlertmanagerProcess(await listeningAddress(child), folder, child);
    } catch (error) {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async post(alerts: readonly PostedAlert[]): Promise<void> {
    await this.#request("POST", "/api/v2/alerts", JSON.stringify(alerts));
  }

  async alerts(): Promise<AlertStatus[]> {
    return (await this.#request("GET", "/api/v2/alerts")).json() as Promise<AlertStatus[]>;
  }

  /** Silences every alert that has a label, whatever its value. */
  async silence(label: string): Promise<void> {
    const silence = {
      matchers: [{ name: label, value: ".+", isRegex: true, isEqual: true }],
      startsAt: new Date().toISOString(),
      endsAt: "2040-01-01T00:00:00.000Z",
      createdBy: "proof",
      comment: "Nobody is to be told.",
    };
    await this.#request("POST", "/api/v2/silences", JSON.stringify(silence));
  }

  /** Loads another configuration; alerts stay. */
  async reload(config: string): Promise<void> {
    await writeFile(join(this.folder, "alertmanager.yml"), config);
    await this.#request("POST", "/-/reload");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const exit = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await exit;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  async #request(method: string, path: string, body?: string): Promise<Response> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body, headers: { "Content-Type": "application/json" } }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok)
      throw new AlertmanagerError(path, `${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

async function listeningAddress(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new AlertmanagerError("start", "Alertmanager has no standard error");
  const lines: string[] = [];
  const reader = createInterface({ input: child.stderr });
  const found = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new AlertmanagerError("start", lines.join("\n"))), START_DEADLINE_MS);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    child.once("error", (error) => settle(() => reject(error)));
    child.once("exit", () => settle(() => reject(new AlertmanagerError("start", lines.join("\n")))));
    reader.on("line", (line) => {
      lines.push(line);
      const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
      if (address !== undefined) settle(() => resolve(`http://${address}`));
    });
  });
  const url = await found;
  await until(async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true, START_DEADLINE_MS);
  return url;
}

/**
 * Asks again and again until the answer is yes.
 *
 * @throws AlertmanagerError when it is not within the deadline
 */
export async function until(check: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await check())) {
    if (performance.now() > endMs) throw new AlertmanagerError("wait", `Not so within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
