import { enableCompileCache } from "node:module";

// Workers start often, and several at a time: compiled code is kept for the next one. Before anything else is loaded, and
// in JavaScript, since Node would load a parser of its own to read a first file in TypeScript that is in no cache yet.
enableCompileCache();
await import("./worker/entry.ts");
