import { enableCompileCache } from "node:module";

// Workers start often, and several at a time: compiled code is kept for the next one. Before anything else is loaded.
enableCompileCache();
await import("./worker/entry.ts");
