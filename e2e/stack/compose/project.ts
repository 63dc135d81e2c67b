import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { getContainerRuntimeClient, ImageName } from "testcontainers";
import { freePort } from "../../testkit/ports.ts";
import { chooseImage, pinnedImages } from "../runtime/images.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SHELL_TIMEOUT_MS = 120_000;
const OUTPUT_LIMIT_BYTES = 64 * 1024 ** 2;
const run = promisify(execFile);

export type ServiceState = { readonly service: string; readonly state: string; readonly health: string };

/** What a shell text printed. */
export type ShellOutput = { readonly stdout: string; readonly stderr: string };

/** The repository's own compose file as a project of its own: own names, own ports, own volumes. */
export class ComposeProject implements AsyncDisposable {
  readonly name: string;
  readonly #environment: Readonly<Record<string, string>>;
  /** Services whose image is not available here. */
  readonly leftOut: readonly string[];

  readonly #override: string;

  private constructor(name: string, environment: Record<string, string>, leftOut: readonly string[], override: string) {
    this.name = name;
    this.#override = override;
    this.#environment = environment;
    this.leftOut = leftOut;
  }

  /**
   * Chooses free ports, and images as the suites do. Starts nothing.
   *
   * @param settings of the orchestrator, on top of those of the compose file
   */
  static async create(name: string, settings: Readonly<Record<string, string>> = {}): Promise<ComposeProject> {
    const client = await getContainerRuntimeClient();
    const environment: Record<string, string> = {};
    for (const service of ["redis", "prometheus", "alertmanager", "node"] as const) {
      environment[`${service.toUpperCase()}_IMAGE`] = await chooseImage(client, service);
    }
    for (const part of ["REDIS", "PROMETHEUS", "ALERTMANAGER", "GRAFANA", "INBOX", "SIMULATOR"]) {
      environment[`${part}_PORT`] = String(await freePort());
    }
    const first = await freePort();
    environment.ORCHESTRATOR_PORTS = `${first}-${first + 9}`;
    const grafana = await client.image.exists(ImageName.fromString(pinnedImages("grafana").published));
    const override = join(mkdtempSync(join(tmpdir(), "mcp-orchestrator-compose-")), "settings.json");
    writeFileSync(override, JSON.stringify({ services: { orchestrator: { environment: settings } } }));
    return new ComposeProject(name, environment, grafana ? [] : ["grafana"], override);
  }

  /** Builds what is built here, starts everything that is available, and waits until all of it is healthy. */
  async up(...options: readonly string[]): Promise<void> {
    const services = (await this.compose("config", "--services")).split("\n");
    const wanted = services.filter((service) => !this.leftOut.includes(service) && service !== "setup");
    await this.compose("up", "--build", "--detach", "--wait", "--quiet-pull", ...options, ...wanted);
  }

  /** Address of a service on this machine. */
  async url(service: string, port: number, index = 1): Promise<string> {
    const address = await this.compose("port", "--index", String(index), service, String(port));
    return `http://${address.replace("0.0.0.0", "127.0.0.1")}`;
  }

  async states(): Promise<readonly ServiceState[]> {
    const output = await this.compose("ps", "--all", "--format", "json");
    return output
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { Service: string; State: string; Health: string })
      .map(({ Service, State, Health }) => ({ service: Service, state: State, health: Health }));
  }

  /** `docker compose` with arguments; what it printed. Throws on a bad end, with what it complained about. */
  async compose(...args: readonly string[]): Promise<string> {
    const files = ["--file", join(ROOT, "docker-compose.yml"), "--file", this.#override];
    const { stdout } = await run("docker", ["compose", "--project-name", this.name, ...files, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...this.#environment },
      maxBuffer: OUTPUT_LIMIT_BYTES,
    });
    return stdout.trim();
  }

  /**
   * A shell text as a person pastes it in the folder of the compose file: `docker compose` in it is about this project.
   * Its exit code says nothing: a grep that finds nothing is an answer.
   *
   * @throws Error for a program that is missing, or a text that does not end in time
   */
  async shell(text: string, environment: Readonly<Record<string, string>> = {}): Promise<ShellOutput> {
    const files = [join(ROOT, "docker-compose.yml"), this.#override].join(":");
    const project = { COMPOSE_PROJECT_NAME: this.name, COMPOSE_FILE: files };
    const options = { cwd: ROOT, timeout: SHELL_TIMEOUT_MS, maxBuffer: OUTPUT_LIMIT_BYTES };
    const env = { ...process.env, ...this.#environment, ...project, ...environment };
    const { promise, resolve, reject } = Promise.withResolvers<ShellOutput>();
    execFile("bash", ["--norc", "-c", text], { ...options, env }, (error, stdout, stderr) => {
      if (error?.killed === true) reject(new Error(`Did not end in time: ${text}\n${stderr}`));
      else if (/command not found/.test(stderr)) reject(new Error(`A program is missing for: ${text}\n${stderr}`));
      else resolve({ stdout, stderr });
    });
    return promise;
  }

  /** Ids of everything that the engine still has of this project. */
  async leftovers(): Promise<readonly string[]> {
    const filter = ["--filter", `label=com.docker.compose.project=${this.name}`, "--quiet"];
    const kinds = [
      ["ps", "--all"],
      ["network", "ls"],
      ["volume", "ls"],
    ];
    const outputs = await Promise.all(kinds.map((kind) => run("docker", [...kind, ...filter])));
    return outputs.flatMap(({ stdout }) => stdout.split("\n").filter((line) => line !== ""));
  }

  async down(): Promise<void> {
    await this.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "15");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    rmSync(dirname(this.#override), { recursive: true, force: true });
  }
}
