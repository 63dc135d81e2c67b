import { fileURLToPath } from "node:url";

/** Where the Node processes of all stacks keep what they compiled: they are started often, and most of that is compiling. */
export const COMPILE_CACHE = fileURLToPath(new URL("../../.cache/node-compile/", import.meta.url));
