import { hostname } from "node:os";
import { pipeline } from "node:stream/promises";
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import type { TestFolder } from "../../testkit/process/folder.ts";
import { ServerStartError } from "../../testkit/process/managedProcess.ts";
import { reapAtEnd } from "../../testkit/process/reaper.ts";
import {
  type ExecResult,
  LOOPBACK,
  type Place,
  type Program,
  type RunningProgram,
  type Runtime,
  type ServerSpec,
  START_TIMEOUT_MS,
  STOP_TIMEOUT_MS,
} from "../../testkit/servers/runtime.ts";
import { until } from "../../testkit/until.ts";
import { chooseImage } from "./images.ts";

/** Labels every container of the suites with the process that started it. */
export const CONTAINER_LABEL = "io.github.mcp-orchestrator.e2e";

/** Explicit, so that official images and those built from Debian packages start in the same way. */
const IN_CONTAINER: Readonly<Record<Program, { entrypoint: string; dataDir: string }>> = {
  redis: { entrypoint: "redis-server", dataDir: "/data" },
  prometheus: { entrypoint: "/bin/prometheus", dataDir: "/prometheus" },
  alertmanager: { entrypoint: "/bin/alertmanager", dataDir: "/alertmanager" },
};
const CONFIG_DIR = "/etc/mcp-orchestrator";

/**
 * Servers as containers, through Testcontainers.
 *
 * A local engine on Linux shares its network with the containers: everything stays on loopback. Other engines (Docker
 * Desktop) have a virtual machine: ports are published, and containers reach this machine as `host.docker.internal`.
 *
 * @throws if no engine answers
 */
export async function dockerRuntime(): Promise<Runtime> {
  const client = await getContainerRuntimeClient();
  const shared = await sharesThisNetwork(client);
  return {
    name: "docker",
    hostAddress: shared ? LOOPBACK : "host.docker.internal",
    // The images are pinned.
    knows: async () => true,
    start: (spec, folder) => startContainer(client, shared, spec, folder),
  };
}

/**
 * Whether a container with `--network host` is on this machine's network. The address that Testcontainers uses does not show it:
 * with a `/.dockerenv` it is the bridge's.
 */
async function sharesThisNetwork(client: ContainerRuntimeClient): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const info = (await client.container.dockerode.info()) as EngineInfo;
  const rootless = info.SecurityOptions?.includes("name=rootless") ?? false;
  return info.Name === hostname() && !info.OperatingSystem.includes("Desktop") && !rootless;
}

type EngineInfo = {
  readonly Name: string;
  readonly OperatingSystem: string;
  readonly SecurityOptions?: readonly string[];
};

async function startContainer(
  client: ContainerRuntimeClient,
  shared: boolean,
  spec: ServerSpec,
  folder: TestFolder,
): Promise<RunningProgram> {
  const { entrypoint, dataDir } = IN_CONTAINER[spec.program];
  const place: Place = { configDir: CONFIG_DIR, dataDir, host: shared ? LOOPBACK : "0.0.0.0", port: spec.port };
  const files = Object.entries(spec.files(place)).map(([file, content]) => configFile(file, content));
  const container = new ReapedContainer(await chooseImage(client, spec.program))
    .withAutoCleanup(false)
    .withLabels({ [CONTAINER_LABEL]: String(process.pid) })
    .withEntrypoint([entrypoint])
    .withCommand(spec.args(place))
    .withCopyContentToContainer(files)
    .withStartupTimeout(START_TIMEOUT_MS)
    // Testcontainers needs a sign of life. Readiness is checked below, as in every runtime.
    .withWaitStrategy(Wait.forLogMessage(/./));
  if (shared) container.withNetworkMode("host");
  else {
    container
      .withExposedPorts({ container: spec.port, host: spec.port })
      .withExtraHosts([{ host: "host.docker.internal", ipAddress: "host-gateway" }]);
  }
  try {
    const program = new ContainerProgram(client, container, await container.start(), spec, folder);
    await program.serve();
    return program;
  } catch (error) {
    await container.remove(client);
    throw error instanceof ServerStartError ? error : new ServerStartError(spec.program, folder, error);
  }
}

/** Registers the container with the reaper as soon as it exists, before it has started. */
class ReapedContainer extends GenericContainer {
  id: string | undefined;
  #release = () => {};

  protected override containerCreated = async (id: string): Promise<void> => {
    this.id = id;
    this.#release = reapAtEnd({ container: id });
  };

  async remove(client: ContainerRuntimeClient): Promise<void> {
    if (this.id === undefined) return;
    await client.container.getById(this.id).remove({ force: true, v: true });
    this.#release();
  }
}

class ContainerProgram implements RunningProgram {
  readonly name: string;
  readonly host = LOOPBACK;
  readonly port: number;
  readonly logFile: string;
  readonly #client: ContainerRuntimeClient;
  readonly #reaped: ReapedContainer;
  readonly #started: StartedTestContainer;
  readonly #spec: ServerSpec;
  readonly #folder: TestFolder;
  #stopping = false;
  #onUnexpectedExit: (how: string) => void = () => {};

  constructor(
    client: ContainerRuntimeClient,
    reaped: ReapedContainer,
    started: StartedTestContainer,
    spec: ServerSpec,
    folder: TestFolder,
  ) {
    this.name = spec.program;
    this.port = spec.port;
    this.logFile = folder.logFile(spec.program);
    this.#client = client;
    this.#reaped = reaped;
    this.#started = started;
    this.#spec = spec;
    this.#folder = folder;
  }

  get #container() {
    return this.#client.container.getById(this.#reaped.id ?? "");
  }

  onUnexpectedExit(callback: (how: string) => void): void {
    this.#onUnexpectedExit = callback;
  }

  /** Follows the log, watches for its end, and waits until the server serves. */
  async serve(sinceSeconds = 0): Promise<void> {
    this.#stopping = false;
    this.#container.wait().then(
      ({ StatusCode }: { StatusCode: number }) => this.#stopping || this.#onUnexpectedExit(`exit code ${StatusCode}`),
      () => {},
    );
    const output = await this.#client.container.logs(this.#container, { since: sinceSeconds });
    pipeline(output, this.#folder.openLog(this.name)).catch(() => {});
    try {
      await until(`${this.name} to serve`, { timeoutMs: START_TIMEOUT_MS }, () => this.#spec.ready());
    } catch (error) {
      throw new ServerStartError(this.name, this.#folder, error);
    }
  }

  async start(): Promise<void> {
    const sinceSeconds = Math.floor(Date.now() / 1000);
    await this.#container.start();
    await this.serve(sinceSeconds);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.resume();
    await this.#client.container.stop(this.#container, { timeout: STOP_TIMEOUT_MS });
  }

  async kill(): Promise<void> {
    this.#stopping = true;
    await this.resume();
    const container = this.#container;
    await container.kill({ signal: "SIGKILL" });
    await container.wait();
  }

  async pause(): Promise<void> {
    await this.#container.pause();
  }

  async resume(): Promise<void> {
    const container = this.#container;
    if ((await container.inspect()).State.Paused) await container.unpause();
  }

  async write(file: string, content: string): Promise<void> {
    await this.#started.copyContentToContainer([configFile(file, content)]);
  }

  async exec(command: readonly string[]): Promise<ExecResult> {
    const { exitCode, stdout, stderr } = await this.#client.container.exec(this.#container, [...command], {
      workingDir: CONFIG_DIR,
    });
    return { exitCode, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await this.#reaped.remove(this.#client);
  }
}

const configFile = (file: string, content: string) => ({ content, target: `${CONFIG_DIR}/${file}`, mode: 0o644 });
