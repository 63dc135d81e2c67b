import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { getContainerRuntimeClient, ImageName } from "testcontainers";
import { freePort } from "../../testkit/ports.ts";
import { chooseImage, pinnedImages } from "../runtime/images.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const RULES = "mcp-orchestrator.rules.yml";
const SHELL_TIMEOUT_MS = 120_000;
/** Of the container in Grafana's image. */
const GRAFANA_USER = "472";
const OUTPUT_LIMIT_BYTES = 64 * 1024 ** 2;
const run = promisify(execFile);

export type ServiceState = { readonly service: string; readonly state: string; readonly health: string };

/** The output of a shell text. */
export type ShellOutput = { readonly stdout: string; readonly stderr: string };

/** The repository's compose file as a separate project, with its own names, ports and volumes. */
export class ComposeProject implements AsyncDisposable {
  readonly name: string;
  readonly #environment: Readonly<Record<string, string>>;
  /** Services whose image is not available here. */
  readonly leftOut: readonly string[];
  /** Folder of its secrets, which takes the place of `secrets/`. */
  readonly secrets: string;
  /** A copy of the rule file, which Prometheus reads. */
  readonly rules: string;

  readonly #override: string;

  private constructor(name: string, environment: Record<string, string>, leftOut: readonly string[], folder: string) {
    this.name = name;
    this.secrets = join(folder, "secrets");
    this.rules = join(folder, RULES);
    this.#override = join(folder, "override.json");
    this.#environment = environment;
    this.leftOut = leftOut;
  }

  /**
   * Chooses free ports, and the images of the suites. Starts nothing.
   *
   * @param settings of the orchestrator, that override the compose file
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
    const folder = mkdtempSync(join(tmpdir(), "mcp-orchestrator-compose-"));
    const project = new ComposeProject(name, environment, grafana ? [] : ["grafana"], folder);
    mkdirSync(project.secrets);
    cpSync(join(ROOT, "alerts/generated", RULES), project.rules);
    const setup = { volumes: [`${project.secrets}:/secrets:ro`] };
    const prometheus = { volumes: [`${project.rules}:/etc/prometheus/${RULES}:ro`] };
    const services = { setup, prometheus, orchestrator: { environment: settings } };
    writeFileSync(project.#override, JSON.stringify({ services }));
    return project;
  }

  /** Builds the images of this project, starts every available service, and waits until all are healthy. */
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

  /** When each running container was started, by its service. */
  async startedAt(): Promise<ReadonlyMap<string, string>> {
    const ids = (await this.compose("ps", "--quiet")).split("\n");
    const format = '{{index .Config.Labels "com.docker.compose.service"}} {{.State.StartedAt}}';
    const { stdout } = await run("docker", ["inspect", "--format", format, ...ids]);
    return new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
  }

  /** Runs `docker compose` with arguments and returns its output. @throws with its error output */
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
   * Runs a shell text as if pasted in the folder of the compose file; `docker compose` in it uses this project. The
   * exit code is ignored: a grep that finds nothing is not an error.
   *
   * @throws Error if a program is missing or the text does not end in time
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

  /**
   * Starts another image in the place of Grafana's: with its volumes, as its user, and a `grafana` that prints how it was
   * called.
   *
   * @returns the environment in which a shell text uses it
   */
  async startInPlaceOfGrafana(): Promise<Readonly<Record<string, string>>> {
    const folder = dirname(this.#override);
    const [program, file] = [join(folder, "grafana"), join(folder, "grafana.json")];
    writeFileSync(program, '#!/bin/sh\necho grafana "$@"\n', { mode: 0o755 });
    const grafana = {
      ...{ image: this.#environment.NODE_IMAGE, user: GRAFANA_USER, healthcheck: { disable: true } },
      ...{ entrypoint: ["sleep", "infinity"], volumes: [`${program}:/usr/local/bin/grafana:ro`] },
    };
    writeFileSync(file, JSON.stringify({ services: { grafana } }));
    const environment = { COMPOSE_FILE: [join(ROOT, "docker-compose.yml"), this.#override, file].join(":") };
    await this.shell("docker compose up --detach --no-deps grafana", environment);
    return environment;
  }

  /** Ids of everything that the engine has of this project. */
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
