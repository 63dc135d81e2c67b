import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, hasCommand, runCommand } from "./command.ts";

const FOLDER = join(CACHE, "tools", "docker");
const PLUGINS = join(FOLDER, "usr", "libexec", "docker", "cli-plugins");
const run = promisify(execFile);

/**
 * Makes `docker compose` and BuildKit work: with the installed plugins, or on Debian with those of a newer suite,
 * unpacked under `.cache`.
 *
 * @returns the environment of the docker command; undefined if they are not available
 */
export async function provideCompose(): Promise<NodeJS.ProcessEnv | undefined> {
  if (!hasCommand("docker")) return undefined;
  if (await composeWorks({})) return {};
  const environment = { DOCKER_CONFIG: FOLDER };
  if (!existsSync(PLUGINS)) {
    if (!hasCommand("apt-get")) return undefined;
    const script = join("scripts", "debian", "unpack-packages.sh");
    await runCommand("bash", [script, "forky", FOLDER, "docker-compose", "docker-buildx"], { log: "docker-plugins" });
    writeFileSync(join(FOLDER, "config.json"), JSON.stringify({ cliPluginsExtraDirs: [PLUGINS] }));
  }
  return (await composeWorks(environment)) ? environment : undefined;
}

async function composeWorks(environment: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    for (const plugin of ["compose", "buildx"]) {
      await run("docker", [plugin, "version"], { env: { ...process.env, ...environment } });
    }
    return true;
  } catch {
    return false;
  }
}
