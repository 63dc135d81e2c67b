import { request } from "../http.ts";
import { freePort } from "../ports.ts";
import { TestFolder } from "../process/folder.ts";
import { AlertmanagerClient } from "./alertmanagerClient.ts";
import { type NativeOptions, type NativeProgram, startNative } from "./native.ts";
import { LOOPBACK, type Place, type ServerSpec } from "./runtime.ts";

/** Its configuration, a file of `files`. */
export const ALERTMANAGER_CONFIG = "alertmanager.yml";

export type AlertmanagerOptions = {
  /** Contents of its configuration folder by file name; one of them is ALERTMANAGER_CONFIG. */
  files(place: Place): Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** The address in its messages; by default the one at which it serves. */
  readonly externalUrl?: string;
};

/** How an Alertmanager is started, in any runtime. */
export function alertmanagerSpec(port: number, { files, flags = [], externalUrl }: AlertmanagerOptions): ServerSpec {
  const url = `http://${LOOPBACK}:${port}`;
  return {
    program: "alertmanager",
    port,
    files,
    args: ({ configDir, dataDir, host, port: listenPort }) => [
      `--config.file=${configDir}/${ALERTMANAGER_CONFIG}`,
      `--storage.path=${dataDir}`,
      `--web.listen-address=${host}:${listenPort}`,
      `--web.external-url=${externalUrl ?? url}`,
      "--web.route-prefix=/",
      // No peers, so it need not wait for any before it notifies.
      "--cluster.listen-address=",
      ...flags,
    ],
    ready: async () => void (await request(`${url}/-/ready`)),
  };
}

/** An Alertmanager of one test, on loopback, with a folder that is removed with it. */
export class TestAlertmanager extends AlertmanagerClient implements AsyncDisposable {
  readonly server: NativeProgram;
  readonly #folder: TestFolder;

  constructor(server: NativeProgram, folder: TestFolder) {
    super(`http://${server.host}:${server.port}`);
    this.server = server;
    this.#folder = folder;
  }

  /** Loads another configuration; alerts stay. @throws HttpStatusError if it is rejected */
  async load(config: string): Promise<void> {
    await this.server.write(ALERTMANAGER_CONFIG, config);
    await this.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.kill();
    this.#folder[Symbol.dispose]();
  }
}

/**
 * Starts an Alertmanager on a free port and waits until it is ready.
 *
 * @throws ServerStartError; ProgramMissingError
 */
export async function startAlertmanager(
  options: AlertmanagerOptions,
  native?: NativeOptions,
): Promise<TestAlertmanager> {
  const folder = new TestFolder("alertmanager");
  try {
    return new TestAlertmanager(await startNative(alertmanagerSpec(await freePort(), options), folder, native), folder);
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}
