import { enableCompileCache } from "node:module";

// Compiling is a good part of a start: the code is kept for the next one. Before anything else is loaded.
enableCompileCache();
await import("./main/entry.ts");
