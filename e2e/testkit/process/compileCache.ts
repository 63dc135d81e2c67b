import { fileURLToPath } from "node:url";

/** Environment of Node programs that are started often and keep no compile cache themselves: a third of a start is compiling. */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../../.cache/node-compile/", import.meta.url)),
} as const;
