import { E2E_RUNTIME } from "../../testkit/config.ts";
import { missingPrograms } from "../../testkit/process/programs.ts";
import { nativeRuntime } from "../../testkit/servers/native.ts";
import type { Runtime } from "../../testkit/servers/runtime.ts";

export const RUNTIME_NAMES = ["docker", "native"] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

/** Neither an engine nor the programs are available. */
export class NoRuntimeError extends Error {
  readonly code = "NO_RUNTIME";
  readonly subject = "runtime";
}

/**
 * The wanted runtime; otherwise containers if an engine answers, else installed programs.
 *
 * @throws NoRuntimeError with what is missing
 */
export async function chooseRuntime(wanted = E2E_RUNTIME): Promise<Runtime> {
  if (wanted === "native") return nativeRuntime();
  if (wanted !== undefined && wanted !== "docker") {
    throw new NoRuntimeError(`E2E_RUNTIME must be ${RUNTIME_NAMES.join(" or ")}, not ${JSON.stringify(wanted)}`);
  }
  try {
    const { dockerRuntime } = await import("./docker.ts");
    return await dockerRuntime();
  } catch (error) {
    if (wanted === "docker") throw new NoRuntimeError("No Docker engine answers", { cause: error });
  }
  const missing = missingPrograms();
  if (missing.length > 0) throw new NoRuntimeError(`No Docker engine answers, and not on PATH: ${missing.join(", ")}`);
  return nativeRuntime();
}
