import { enableCompileCache } from "node:module";

// The main process and its workers keep their compiled code for the next start: compiling is most of one. The variable
// hands the place on to the workers, which then need not even read TypeScript. Before anything else is loaded.
const { directory } = enableCompileCache();
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;
await import("./main/entry.ts");
