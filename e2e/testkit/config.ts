import { resolve } from "node:path";

/** What the environment sets for tests, benchmarks and drills. Empty is not set. */

/** Path of the server that every suite starts in place of the installed redis-server: another release, or Valkey. */
export const REDIS_PROGRAM = pathIn("REDIS_PROGRAM");
/** Whether servers run as `native` processes or in `docker`; undefined for what is available. */
export const E2E_RUNTIME = textIn("E2E_RUNTIME");
/** Path of the browser of tests and screenshots. */
export const CHROMIUM = pathIn("CHROMIUM") ?? "/usr/bin/chromium";
/** Folder for the CPU profiles of a benchmark's processes; undefined for none. */
export const BENCH_PROFILE = pathIn("BENCH_PROFILE");

function textIn(name: string): string | undefined {
  return process.env[name] || undefined;
}

function pathIn(name: string): string | undefined {
  const path = textIn(name);
  return path === undefined ? undefined : resolve(path);
}
