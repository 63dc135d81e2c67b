import { resolveBundle } from "./bundle.ts";
import { readConfig } from "./config.ts";
import type { Bundle } from "./schema.ts";

export { resolveBundle } from "./bundle.ts";
export type { Bundle, BundleConfig } from "./schema.ts";

const { config, source } = await readConfig();

/** The installation for which everything is generated, tested and drilled. */
export const BUNDLE: Bundle = resolveBundle(config, source);
