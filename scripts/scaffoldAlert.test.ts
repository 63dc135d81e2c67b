import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { NewAlertError, scaffold } from "./scaffoldAlert.ts";

const FILES = ["alerts/src/catalogue/definitions.ts", "alerts/src/catalogue/faults.ts", "alerts/src/panels.ts"];
const existing = new Map(FILES.map((file) => [file, readFileSync(file, "utf8")]));

test("a new alert gets its folder and an entry in each table", () => {
  const files = scaffold("RedisVerySlow", existing);
  expect([...files.keys()]).toEqual([
    ...FILES,
    "alerts/src/catalogue/redisVerySlow/alert.ts",
    "alerts/src/catalogue/redisVerySlow/runbook.ts",
    "alerts/src/catalogue/redisVerySlow/samples.ts",
  ]);
  const [definitions = "", faults = "", panels = ""] = FILES.map((file) => files.get(file));
  expect(definitions).toContain('import { redisVerySlow } from "./redisVerySlow/alert.ts";\n');
  expect(definitions).toMatch(/^ {4}redisVerySlow,$/m);
  expect(faults).toMatch(/^ {2}"redis-very-slow": \{ inject: .*\},\n {2}none: /m);
  expect(panels).toMatch(/^ {2}"redis-very-slow": \d+,\n\} as const;/m);
  expect(new Set(panels.match(/: \d+,/g)).size).toBe(panels.match(/: \d+,/g)?.length);
});

test("it does not compile until its author has filled it in", () => {
  const own = [...scaffold("RedisVerySlow", existing)].filter(([file]) => file.includes("redisVerySlow"));
  for (const [, text] of own) expect(text).toContain("FILL_IN.");
});

test.each([["redisSlow"], ["Redis Slow"], [""], ["../Evil"], ["QueueDepthSpike"]])("%j is rejected", (name) => {
  expect(() => scaffold(name, existing)).toThrow(NewAlertError);
});
