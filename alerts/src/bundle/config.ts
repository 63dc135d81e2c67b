import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Names another file than `bundle.config.ts`: for a second installation, and for tests. */
const VARIABLE = "BUNDLE_CONFIG";

/** The operator's configuration and its path. */
export async function readConfig(): Promise<{ config: unknown; source: string }> {
  const file = process.env[VARIABLE] ?? "";
  if (file === "") return { config: (await import("../../../bundle.config.ts")).default, source: "bundle.config.ts" };
  const module = (await import(/* @vite-ignore */ pathToFileURL(resolve(file)).href)) as { default: unknown };
  return { config: module.default, source: file };
}
