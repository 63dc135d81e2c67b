import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdtempDisposableSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ContainerRuntimeClient } from "testcontainers";
import { pinnedImages } from "../../e2e/stack/runtime/images.ts";
import { canInstall, installPackages } from "../provision/apt.ts";
import { hasCommand, runCommand } from "../provision/command.ts";
import { ImagesError, imageExists, type Service } from "../provision/images.ts";

const FOLDER = import.meta.dirname;
const DOCKERFILES = join(FOLDER, "images");
const SUITE = "forky";
const BASE_IMAGE = `mcp-orchestrator/debian:${SUITE}`;
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Builds the images from Debian packages under the project's own prefix, with the certificates of this machine.
 *
 * @throws ImagesError if that is not possible; CommandError if it fails
 */
export async function buildImages(client: ContainerRuntimeClient, services: readonly Service[]): Promise<void> {
  if (services.length === 0) return;
  if (process.getuid?.() !== 0) throw new ImagesError(services, "building them from Debian packages needs root");
  if (!hasCommand("docker")) throw new ImagesError(services, "there is no docker command to build them with");
  if (!(await imageExists(client, BASE_IMAGE))) await buildBase(services);
  for (const service of services) {
    using context = service === "node" ? nodeContext() : plainContext();
    const file = join(DOCKERFILES, `${service}.Dockerfile`);
    const options = ["--build-arg", `BASE=${BASE_IMAGE}`, "--tag", pinnedImages(service).local, "--file", file];
    await runCommand("docker", ["build", "--quiet", ...options, context.path], { log: `image-${service}` });
  }
}

type Context = Disposable & { readonly path: string };

const plainContext = (): Context => ({ path: DOCKERFILES, [Symbol.dispose]: () => {} });

/** The Node that runs this, and its npm. */
function nodeContext(): Context {
  const npm = process.env.npm_execpath ?? realpathSync(execFileSync("which", ["npm"], { encoding: "utf8" }).trim());
  const context = mkdtempDisposableSync(join(tmpdir(), "mcp-orchestrator-node-"));
  copyFileSync(process.execPath, join(context.path, "node"));
  cpSync(dirname(dirname(npm)), join(context.path, "npm"), { recursive: true, dereference: true });
  return context;
}

async function buildBase(services: readonly Service[]): Promise<void> {
  if (!hasCommand("debootstrap")) {
    if (!canInstall()) throw new ImagesError(services, "debootstrap is not installed");
    await installPackages(["debootstrap"]);
  }
  using folder = mkdtempDisposableSync(join(tmpdir(), "mcp-orchestrator-image-"));
  const root = folder.path;
  // debootstrap has no script for new suites; sid's fits all of them.
  const script = "/usr/share/debootstrap/scripts/sid";
  const archive = packageSource(services);
  const options = ["--variant=minbase", "--include=ca-certificates", SUITE, root, archive, script];
  await runCommand("debootstrap", options, { log: "image-base" });
  if (existsSync(CA_BUNDLE)) copyFileSync(CA_BUNDLE, join(root, CA_BUNDLE));
  // A mirror that is behind, or a clock that is ahead, must not fail the build; signatures are still checked.
  writeFileSync(join(root, "etc/apt/apt.conf.d/10lagging-mirror"), 'Acquire::Check-Valid-Until "false";\n');
  await runCommand("sh", ["-c", `tar -C "$0" -c . | docker import - ${BASE_IMAGE}`, root], { log: "image-import" });
}

/** The archive that apt uses on this machine. */
function packageSource(services: readonly Service[]): string {
  try {
    return execFileSync(join(FOLDER, "package-source.sh"), { encoding: "utf8", stdio: "pipe" }).trim();
  } catch (error) {
    throw new ImagesError(services, String((error as { stderr?: string }).stderr).trim());
  }
}
