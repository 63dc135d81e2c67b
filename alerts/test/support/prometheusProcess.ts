import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { prometheusFlags } from "../../src/render/prometheusConfig.ts";
import type { TimingProfile } from "../../src/timing.ts";
import { type PrometheusRelease, prometheus } from "../../src/tools/releases.ts";

const DEADLINE_MS = 60_000;
const POLL_MS = 50;

/** An alert as Prometheus tells it. */
export type ActiveAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
  readonly activeAt: string;
};

/** A sample of a range: epoch seconds and value. */
export type Sample = { readonly at: number; readonly value: number };

/** A real Prometheus on a folder that holds its configuration and outlives it. */
export class PrometheusProcess implements AsyncDisposable {
  readonly #url: string;
  readonly #child: ChildProcess;
  readonly #said: string[] = [];

  private constructor(url: string, child: ChildProcess) {
    this.#url = url;
    this.#child = child;
    child.stderr?.on("data", (chunk: Buffer) => this.#said.push(chunk.toString()));
  }

  static async start(release: PrometheusRelease, folder: string, profile: TimingProfile): Promise<PrometheusProcess> {
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      prometheus(release),
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=${address}`,
        ...prometheusFlags(profile),
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    return new PrometheusProcess(`http://${address}`, child);
  }

  /** The alert of a name that is active, once it is as it must be. */
  async alert(name: string, isRight: (alert: ActiveAlert) => boolean): Promise<ActiveAlert> {
    let last: unknown = "nothing yet";
    for (const endMs = performance.now() + DEADLINE_MS; performance.now() < endMs; ) {
      if (this.#child.exitCode !== null) throw new Error(`Prometheus ended: ${this.#said.join("")}`);
      // It does not listen yet.
      const answer = await this.#get<{ alerts: ActiveAlert[] }>("alerts").catch((error: unknown) => ({ error }));
      const found = "alerts" in answer && answer.alerts.find(({ labels }) => labels.alertname === name);
      if (found && isRight(found)) return found;
      last = answer;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`${name} was not so within ${DEADLINE_MS} ms: ${JSON.stringify(last)}`);
  }

  /** Every sample of the one series that a range selector finds. */
  async samples(rangeSelector: string): Promise<Sample[]> {
    const { result } = await this.#get<{ result: { values: [number, string][] }[] }>(
      `query?query=${encodeURIComponent(rangeSelector)}`,
    );
    return (result[0]?.values ?? []).map(([at, value]) => ({ at, value: Number(value) }));
  }

  /** Ends it as a restart does: in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exit;
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { data: T }).data;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
