import { fileURLToPath } from "node:url";

/**
 * Environment of Node programs that are started often and have no compile cache: compiling is a third of their start.
 */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../../.cache/node-compile/", import.meta.url)),
} as const;
