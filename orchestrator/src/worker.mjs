import { enableCompileCache } from "node:module";

// Workers start often, and several at a time, so the compiled code is cached. Must come before all other imports, and in
// JavaScript: for a TypeScript file that is not cached yet, Node would first load its parser.
enableCompileCache();
await import("./worker/entry.ts");
