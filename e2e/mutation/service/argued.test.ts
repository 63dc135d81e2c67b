import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { expect, test } from "vitest";
import { ARGUMENTS } from "./argued.ts";

const SOURCE = new URL("../../../orchestrator/src/", import.meta.url);

test.each(ARGUMENTS)("the code of $file $change exists", ({ file, line }) => {
  const files = file.endsWith("*")
    ? readdirSync(new URL(file.slice(0, -1), SOURCE), { recursive: true })
        .map((name) => file.replace("*", String(name)))
        .filter((name) => extname(name) !== "")
    : [file];
  const lines = files.flatMap((name) => readFileSync(new URL(name, SOURCE), "utf8").split("\n"));
  expect(lines.some((text) => line === undefined || line.test(text.trim()))).toBe(true);
});
