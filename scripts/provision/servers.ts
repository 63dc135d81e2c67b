import { chooseRuntime, NoRuntimeError, type RuntimeName } from "../../e2e/stack/runtime/choose.ts";
import { missingPrograms } from "../../e2e/testkit/process/programs.ts";
import type { Runtime } from "../../e2e/testkit/servers/runtime.ts";
import { notice, step } from "../progress.ts";
import { canInstall, installPackages } from "./apt.ts";
import { runningEngine } from "./engine.ts";
import { ImagesError, missingImages, pullImages, SERVERS } from "./images.ts";

/** Debian's packages of the servers and of their tools. */
export const SERVER_PACKAGES = ["redis-server", "redis-tools", "prometheus", "prometheus-alertmanager"] as const;

/**
 * Makes Redis, Prometheus and Alertmanager available in the least intrusive way: containers if an engine answers and
 * has, or can pull, the images; else installed programs; else Debian packages.
 *
 * @throws NoRuntimeError with what a person has to install
 */
export async function provideServers(wanted: RuntimeName | undefined): Promise<Runtime> {
  if (wanted !== "native" && (await containersWork())) return chooseRuntime("docker");
  if (wanted === "docker") throw new NoRuntimeError("--runtime docker: no Docker engine answers, or it has no images");
  await provideNativeServers();
  return chooseRuntime("native");
}

/** Installs missing servers as packages. @throws NoRuntimeError */
export async function provideNativeServers(): Promise<void> {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  if (!canInstall()) {
    throw new NoRuntimeError(
      [
        `Not found: ${missing.join(", ")}.`,
        "Start Docker, or install what is missing so that it is on PATH:",
        `  Debian, Ubuntu  sudo apt-get install ${SERVER_PACKAGES.join(" ")}`,
        "  macOS           brew install redis prometheus alertmanager",
        "and run the command again.",
      ].join("\n"),
    );
  }
  notice(`Not found: ${missing.join(", ")}. Installing the Debian packages ${SERVER_PACKAGES.join(", ")}.`);
  await step("Installing packages", () => installPackages(SERVER_PACKAGES));
}

async function containersWork(): Promise<boolean> {
  await using engine = await runningEngine();
  if (engine === undefined) return false;
  const missing = await missingImages(engine.client, SERVERS);
  if (missing.length === 0) return true;
  try {
    await step(`Pulling the images of ${missing.join(", ")}`, () => pullImages(engine.client, missing));
    return true;
  } catch (error) {
    if (!(error instanceof ImagesError)) throw error;
    notice(`${error.message}; going on without containers.`);
    return false;
  }
}
