import type { RuntimeName } from "../../e2e/stack/runtime/choose.ts";
import { missingPrograms } from "../../e2e/testkit/process/programs.ts";
import { buildImages } from "../debian/images.ts";
import { notice, step, warning } from "../progress.ts";
import { canInstall, installPackages } from "./apt.ts";
import { hasCommand, runCommand } from "./command.ts";
import { provideCompose } from "./compose.ts";
import { type Engine, EngineError, runningEngine, startEngine } from "./engine.ts";
import { ImagesError, missingImages, pullImages, SERVERS, type Service } from "./images.ts";
import { provideNativeServers, SERVER_PACKAGES } from "./servers.ts";

/** The programs and the engine of the suites; disposing of it stops what was started. */
export type TestBed = AsyncDisposable & {
  readonly runtime: RuntimeName;
  /** The environment of the docker command. */
  readonly environment: NodeJS.ProcessEnv;
};

/** The stack's servers, and the base of the orchestrator's own image. */
const IMAGES: readonly Service[] = [...SERVERS, "node"];
/** Programs of the runbook commands besides the servers' own tools. */
const RUNBOOK_TOOLS = ["curl", "jq"];
const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Provides the programs that the suites use and, by default, an engine with the images.
 *
 * @param wanted by default containers; if that is not possible, the reason is printed
 * @param compose whether the compose suite runs, which uses Grafana if its image is available
 * @throws NoRuntimeError, EngineError, ImagesError
 */
export async function provideTestBed(wanted: RuntimeName | undefined, compose: boolean): Promise<TestBed> {
  await providePrograms();
  const parts = new AsyncDisposableStack();
  const dispose = () => parts.disposeAsync();
  if (wanted === "native") return { runtime: "native", environment: {}, [Symbol.asyncDispose]: dispose };
  try {
    const engine = parts.use((await runningEngine()) ?? (await startEngine(notice)));
    await provideImages(engine);
    if (compose) await provideGrafana(engine);
    const environment = await provideCompose();
    if (environment === undefined)
      notice("docker compose is neither installed nor available: the compose suites fail.");
    return { runtime: "docker", environment: environment ?? {}, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    if (wanted === "docker" || !(error instanceof EngineError || error instanceof ImagesError)) throw error;
    warning(["NO CONTAINERS: the suites run on native processes instead.", error.message]);
    return { runtime: "native", environment: {}, [Symbol.asyncDispose]: async () => {} };
  }
}

async function providePrograms(): Promise<void> {
  const packages = [
    ...(missingPrograms().length > 0 ? SERVER_PACKAGES : []),
    ...(BROWSERS.some(hasCommand) ? [] : ["chromium"]),
    ...(hasCommand("openssl") ? [] : ["openssl"]),
    ...(hasCommand("supervisord") ? [] : ["supervisor"]),
    ...RUNBOOK_TOOLS.filter((tool) => !hasCommand(tool)),
  ];
  if (canInstall() && packages.length > 0) {
    notice(`Installing the Debian packages ${packages.join(", ")}.`);
    await step("Installing packages", () => installPackages(packages));
  } else {
    await provideNativeServers();
  }
  // If they cannot be fetched, the tests that need them report it.
  if (hasCommand("apt-get")) {
    const script = "scripts/debian/other-releases.sh";
    await step("Other releases of the servers and their tools", () =>
      runCommand("bash", [script], { log: "other-releases" }),
    );
  }
}

async function provideImages({ client }: Engine): Promise<void> {
  const missing = await missingImages(client, IMAGES);
  if (missing.length === 0) return;
  try {
    await step(`Pulling the images of ${missing.join(", ")}`, () => pullImages(client, missing));
  } catch (error) {
    if (!(error instanceof ImagesError)) throw error;
    notice(`${error.message}: building them from Debian packages.`);
    const still = await missingImages(client, IMAGES);
    await step(`Building the images of ${still.join(", ")}`, () => buildImages(client, still));
  }
}

/** Services without Debian packages to build an image from. */
async function provideGrafana({ client }: Engine): Promise<void> {
  const missing = await missingImages(client, ["grafana"]);
  if (missing.length === 0) return;
  try {
    await step("Pulling the image of Grafana", () => pullImages(client, missing));
  } catch (error) {
    if (!(error instanceof ImagesError)) throw error;
    notice(`${error.message}: the compose suite leaves Grafana out.`);
  }
}
