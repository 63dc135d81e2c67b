import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "./provision/command.ts";

const pages = globSync("**/*.md", {
  cwd: ROOT,
  exclude: (path) => /(^|\/)(node_modules|\.cache|\.git|report)(\/|$)/.test(path),
});
const textOf = (page: string) => readFileSync(join(ROOT, page), "utf8");

it("every relative link of every page leads to a file, and to a heading where it names one", () => {
  expect(pages.length).toBeGreaterThan(20);
  const dead = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)]
      .filter(([, target = ""]) => !/^[a-z]+:/.test(target))
      .filter(([, target = "", heading]) => {
        const file = target === "" ? page : join(dirname(page), target);
        if (!existsSync(join(ROOT, file))) return true;
        return heading !== undefined && file.endsWith(".md") && !headingsOf(textOf(file)).has(heading);
      })
      .map(([link]) => `${page}: ${link}`),
  );
  expect(dead).toEqual([]);
});

it("the index of decisions has each of them, with its title", () => {
  const folder = join(ROOT, "docs", "adr");
  const index = textOf("docs/adr/README.md");
  const missing = readdirSync(folder)
    .filter((file) => file !== "README.md")
    .map((file) => `- [${/^# (.*)$/m.exec(textOf(`docs/adr/${file}`))?.[1]}](${file})`)
    .filter((line) => !index.includes(line));
  expect(missing).toEqual([]);
});

it("the index of documents has every guide, reference and explanation", () => {
  const index = textOf("docs/README.md");
  const missing = ["guides", "reference", "explanations"]
    .flatMap((folder) => readdirSync(join(ROOT, "docs", folder)).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith(".md") && !index.includes(`(${file})`));
  expect(missing).toEqual([]);
});

/** GitHub's anchors of headings. */
function headingsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
