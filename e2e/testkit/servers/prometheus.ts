import { request } from "../http.ts";
import { freePort } from "../ports.ts";
import { TestFolder } from "../process/folder.ts";
import { type NativeOptions, type NativeProgram, startNative } from "./native.ts";
import { PrometheusClient } from "./prometheusClient.ts";
import { LOOPBACK, type ServerSpec } from "./runtime.ts";

/** Its configuration, a file of `files`. */
export const PROMETHEUS_CONFIG = "prometheus.yml";

export type PrometheusOptions = {
  /** Contents of its configuration folder by file name; one of them is PROMETHEUS_CONFIG. */
  readonly files: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
};

/** How a Prometheus is started, in any runtime. */
export function prometheusSpec(port: number, { files, flags = [] }: PrometheusOptions): ServerSpec {
  const url = `http://${LOOPBACK}:${port}`;
  return {
    program: "prometheus",
    port,
    files: () => files,
    args: ({ configDir, dataDir, host, port: listenPort }) => [
      `--config.file=${configDir}/${PROMETHEUS_CONFIG}`,
      `--storage.tsdb.path=${dataDir}`,
      `--web.listen-address=${host}:${listenPort}`,
      `--web.external-url=${url}`,
      "--web.enable-lifecycle",
      ...flags,
    ],
    ready: async () => void (await request(`${url}/-/ready`)),
  };
}

/** A Prometheus of one test, on loopback, with a folder that is removed with it. */
export class TestPrometheus extends PrometheusClient implements AsyncDisposable {
  readonly server: NativeProgram;
  readonly #folder: TestFolder;

  constructor(server: NativeProgram, folder: TestFolder) {
    super(`http://${server.host}:${server.port}`);
    this.server = server;
    this.#folder = folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    this.#folder[Symbol.dispose]();
  }
}

/**
 * Starts a Prometheus and waits until it is ready.
 *
 * @param wantedPort a free one by default
 * @throws ServerStartError; ProgramMissingError
 */
export async function startPrometheus(
  options: PrometheusOptions,
  native?: NativeOptions,
  wantedPort?: number,
): Promise<TestPrometheus> {
  const folder = new TestFolder("prometheus");
  try {
    return new TestPrometheus(
      await startNative(prometheusSpec(wantedPort ?? (await freePort()), options), folder, native),
      folder,
    );
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}
