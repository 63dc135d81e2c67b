import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "./provision/command.ts";

const pages = globSync("**/*.md", {
  cwd: ROOT,
  exclude: (path) => /(^|\/)(node_modules|\.cache|\.git|report)(\/|$)/.test(path),
});

it("every relative link of every page leads to something", () => {
  expect(pages.length).toBeGreaterThan(20);
  const dead = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  expect(dead).toEqual([]);
});

it("the index of decisions names each of them", () => {
  const folder = join(ROOT, "docs", "adr");
  const index = readFileSync(join(folder, "README.md"), "utf8");
  const missing = readdirSync(folder).filter((file) => file !== "README.md" && !index.includes(`(${file})`));
  expect(missing).toEqual([]);
});
