import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ContainerRuntimeClient, ImageName } from "testcontainers";
import { pinnedImages } from "../../e2e/stack/runtime/images.ts";
import { canInstall, installPackages } from "./apt.ts";
import { hasCommand, ROOT, runCommand } from "./command.ts";

export const SERVERS = ["redis", "prometheus", "alertmanager"] as const;
export type Service = (typeof SERVERS)[number] | "node";
type Published = Service | "grafana";

const DOCKERFILES = join(ROOT, "scripts", "images");
const SUITE = "forky";
const BASE_IMAGE = `mcp-orchestrator/debian:${SUITE}`;
const MIRROR = "http://deb.debian.org/debian";
const REGISTRY_PROBE = "https://registry-1.docker.io/v2/";
const PROBE_TIMEOUT_MS = 5_000;
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** The images cannot be had: neither pulled nor built. */
export class ImagesError extends Error {
  readonly code = "NO_IMAGES";
  readonly subject: string;

  constructor(services: readonly Published[], reason: string) {
    super(`No images of ${services.join(", ")}: ${reason}`);
    this.name = "ImagesError";
    this.subject = services.join(",");
  }
}

/** Those services of which neither the published nor the local image is here. */
export async function missingImages<S extends Published>(
  client: ContainerRuntimeClient,
  services: readonly S[],
): Promise<S[]> {
  const missing: S[] = [];
  for (const service of services) {
    const { published, local } = pinnedImages(service);
    if (!((await exists(client, published)) || (await exists(client, local)))) missing.push(service);
  }
  return missing;
}

/**
 * Pulls the published images.
 *
 * @throws ImagesError where the registry does not answer or does not have them
 */
export async function pullImages(client: ContainerRuntimeClient, services: readonly Published[]): Promise<void> {
  if (services.length === 0) return;
  if (!(await registryAnswers())) throw new ImagesError(services, "no registry can be reached");
  try {
    const images = services.map((service) => ImageName.fromString(pinnedImages(service).published));
    await Promise.all(images.map((image) => client.image.pull(image)));
  } catch (error) {
    throw new ImagesError(services, error instanceof Error ? error.message : String(error));
  }
  // Testcontainers takes the end of the download for its success.
  const missing = await missingImages(client, services);
  if (missing.length > 0) throw new ImagesError(missing, "the registry answered, but did not give them");
}

/**
 * Builds the images from Debian packages under the project's own prefix, with the certificates that this machine
 * trusts.
 *
 * @throws ImagesError where that is not possible; CommandError where it fails
 */
export async function buildImages(client: ContainerRuntimeClient, services: readonly Service[]): Promise<void> {
  if (services.length === 0) return;
  if (process.getuid?.() !== 0) throw new ImagesError(services, "building them from Debian packages needs root");
  if (!hasCommand("docker")) throw new ImagesError(services, "there is no docker command to build them with");
  if (!(await exists(client, BASE_IMAGE))) await buildBase(services);
  for (const service of services) {
    using context = service === "node" ? nodeContext() : plainContext();
    const file = join(DOCKERFILES, `${service}.Dockerfile`);
    const options = ["--build-arg", `BASE=${BASE_IMAGE}`, "--tag", pinnedImages(service).local, "--file", file];
    await runCommand("docker", ["build", "--quiet", ...options, context.path], { log: `image-${service}` });
  }
}

type Context = Disposable & { readonly path: string };

const plainContext = (): Context => ({ path: DOCKERFILES, [Symbol.dispose]: () => {} });

/** The Node that runs this, and the npm that started it. */
function nodeContext(): Context {
  const npm = process.env.npm_execpath ?? realpathSync(execFileSync("which", ["npm"], { encoding: "utf8" }).trim());
  const path = mkdtempSync(join(tmpdir(), "mcp-orchestrator-node-"));
  copyFileSync(process.execPath, join(path, "node"));
  cpSync(dirname(dirname(npm)), join(path, "npm"), { recursive: true, dereference: true });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function buildBase(services: readonly Service[]): Promise<void> {
  if (!hasCommand("debootstrap")) {
    if (!canInstall()) throw new ImagesError(services, "debootstrap is not installed");
    await installPackages(["debootstrap"]);
  }
  const root = mkdtempSync(join(tmpdir(), "mcp-orchestrator-image-"));
  try {
    // Suites have no script of their own until debootstrap knows them; sid's fits all of them.
    const script = "/usr/share/debootstrap/scripts/sid";
    const options = ["--variant=minbase", "--include=ca-certificates", SUITE, root, MIRROR, script];
    await runCommand("debootstrap", options, { log: "image-base" });
    if (existsSync(CA_BUNDLE)) copyFileSync(CA_BUNDLE, join(root, CA_BUNDLE));
    // A mirror that lags behind, or a machine whose clock is ahead, is no reason to fail; signatures are still checked.
    writeFileSync(join(root, "etc/apt/apt.conf.d/10lagging-mirror"), 'Acquire::Check-Valid-Until "false";\n');
    await runCommand("sh", ["-c", `tar -C "$0" -c . | docker import - ${BASE_IMAGE}`, root], { log: "image-import" });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function exists(client: ContainerRuntimeClient, image: string): Promise<boolean> {
  return client.image.exists(ImageName.fromString(image));
}

async function registryAnswers(): Promise<boolean> {
  try {
    // 401 is an answer: it asks for a token.
    const response = await fetch(REGISTRY_PROBE, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return response.status === 401 || response.ok;
  } catch {
    return false;
  }
}
