import { enableCompileCache } from "node:module";

// Compiling takes a large part of a start, so the compiled code is cached. Must come before all other imports.
enableCompileCache();
await import("./main/entry.ts");
