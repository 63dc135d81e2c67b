import { mkdtempDisposableSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { ConfigError } from "../errors.ts";
import { BUILT_IN_TYPES, TASK_TYPE_RULE } from "../metrics/contract.ts";
import { loadHandlers } from "./registry.ts";

const upstreams = {
  chat: { complete: async () => ({ value: { content: "fn main() {}", model: "sonar" }, degraded: false }) },
  market: { klines: async () => ({ value: [], degraded: false }) },
} as unknown as Parameters<typeof loadHandlers>[1];

const { path: directory, remove } = mkdtempDisposableSync(join(tmpdir(), "handlers-"));
afterAll(remove);

let files = 0;
async function moduleWith(source: string): Promise<string> {
  files += 1;
  const path = join(directory, `handlers${files}.mjs`);
  await writeFile(path, source);
  return path;
}

test("without a module, the types are the built-in ones, each with a schema", async () => {
  const handlers = await loadHandlers("", upstreams);
  expect([...handlers.keys()]).toEqual([...BUILT_IN_TYPES]);
  for (const handler of handlers.values()) expect(handler.schema).toBeDefined();
});

test("a module replaces and adds types", async () => {
  const path = await moduleWith(
    "export default [{ type: 'codegen', run: async () => 'mine' }, { type: 'echo', run: async (payload) => payload }]",
  );
  const handlers = await loadHandlers(path, upstreams);
  expect([...handlers.keys()]).toEqual([...BUILT_IN_TYPES, "echo"]);
  expect(handlers.get("codegen")?.schema).toBeUndefined();
});

test("a handler may be an instance of a class", async () => {
  const path = await moduleWith(
    "class Echo { type = 'echo'; #prefix = '>'; async run(payload) { return this.#prefix + payload; } }\nexport default () => [new Echo()]",
  );
  const echo = (await loadHandlers(path, upstreams)).get("echo");
  expect(await echo?.run("a", {} as never)).toBe(">a");
});

test.for([
  ["a missing file", undefined, /cannot be loaded/],
  ["a module that throws", "throw new Error('no licence')", /cannot be loaded: no licence/],
  ["no default export", "export const handlers = []", /default export must be/],
  ["an empty list", "export default []", /default export must be/],
  ["a type with a colon", "export default [{ type: 'a:b', run() {} }]", /handler 0: type: must be a lower-case/],
  ["the dead letter queue's name", "export default [{ type: 'dlq', run() {} }]", /handler 0: type: is reserved/],
  ["a handler that cannot run", "export default [{ type: 'a' }]", /handler 0: run: must be a function/],
  ["a schema of another kind", "export default [{ type: 'a', run() {}, schema: {} }]", /schema: must be a zod schema/],
  ["an unknown upstream", "export default [{ type: 'a', run() {}, upstream: 'x' }]", /handler 0: upstream/],
  [
    "a type twice",
    "export default [{ type: 'a', run() {} }, { type: 'a', run() {} }]",
    /handler 1: a already has a handler/,
  ],
] as const)("%s is rejected with the reason", async ([, source, reason]) => {
  const path = source === undefined ? join(directory, "none.mjs") : await moduleWith(source);
  const error = await loadHandlers(path, upstreams).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).problems.join("\n")).toMatch(reason);
});

test("the example of the documentation works", async () => {
  const path = fileURLToPath(new URL("../../examples/handlers.ts", import.meta.url));
  const handlers = await loadHandlers(path, upstreams);
  const context = { taskId: "t", attempt: 1, signal: new AbortController().signal, log: pino({ enabled: false }) };
  const counted = handlers.get("word_count")?.run({ text: "To be, or not to be" }, context);
  expect(await counted).toEqual({ words: 6, distinct: 4 });
  const payload = handlers.get("codegen")?.schema?.parse({ task: "main", language: "Rust" });
  expect(await handlers.get("codegen")?.run(payload, context)).toEqual({ language: "Rust", code: "fn main() {}" });
});

test("the documentation states the rule for type names", async () => {
  const page = await readFile(new URL("../../../docs/guides/handlers.md", import.meta.url), "utf8");
  expect(page.replaceAll("`", "")).toContain(TASK_TYPE_RULE.replace("must be ", ""));
});
