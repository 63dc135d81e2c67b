import { fileURLToPath } from "node:url";

/** Environment of processes of the service: they are started often, and a third of that is compiling. */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../../.cache/node-compile/", import.meta.url)),
} as const;
