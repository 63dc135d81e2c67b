import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { findingsIn, longClausesIn, proseFiles, TERMS } from "./prose.ts";

const words = (text: string) => findingsIn("a.md", text).map(({ word }) => word);

describe("the vocabulary check", () => {
  it("names file, line, word and what to write", () => {
    expect(findingsIn("docs/a.md", "fine\nnobody was told\n")).toEqual([
      { file: "docs/a.md", line: 2, word: "told", instead: TERMS[0]?.instead },
      { file: "docs/a.md", line: 2, word: "nobody", instead: TERMS[2]?.instead },
    ]);
  });

  test.for([
    ["The fault heals.", ["heals"]],
    ["The dead man's switch hears of it", ["hears of"]],
    ["Balances the books", ["the books"]],
    ["class Books {", ["Books"]],
    ["a foreign key fills Redis", ["foreign"]],
    ["refused at the door", ["at the door"]],
    ["wait for so long", ["so long"]],
    ["it runs no more.", ["no more"]],
    ["that is no number", ["is no number"]],
    ["nobody", ["nobody"]],
    ["labels that tell two of them apart", ["tell"]],
    ["when all is well", ["all is well"]],
    ["it starts anew", ["anew"]],
    ["the rest is handed back", ["handed back"]],
    ["a worker that hangs is recycled", ["recycled"]],
    ["const lastHeardAtMs = FOREIGN_CASES;", ["Heard", "FOREIGN"]],
  ] as const)("finds what the glossary replaces: %s", ([text, expected]) => {
    expect(words(text)).toEqual(expected);
  });

  it("finds every word that the glossary replaces", () => {
    const glossary = /<!-- glossary -->([\s\S]*?)<!--/.exec(readFileSync("CONTRIBUTING.md", "utf8"))?.[1] ?? "";
    const replaced = [...glossary.matchAll(/([^|\n]*)\|$/gm)].flatMap(([, cell = ""]) => cell.split(",")).slice(2);
    expect(replaced.length).toBeGreaterThan(30);
    expect(replaced.map((word) => word.trim()).filter((word) => word !== "" && words(word).length === 0)).toEqual([]);
  });

  test.for([
    "USER nobody",
    "POST /api/v1/admin/books/write-off",
    "takes no more than it may",
    "there is no task of this id",
    "which is no longer configured",
    "for runbooks and playbooks",
    "colour-blind readers",
  ])("leaves plain and fixed uses alone: %s", (text) => {
    expect(words(text)).toEqual([]);
  });

  it("checks the rest of a line with an exception", () => {
    expect(words("chown nobody:nogroup, and somebody else")).toEqual(["somebody"]);
  });

  it("leaves out the glossary and keeps the numbers of the lines", () => {
    const text = "<!-- glossary -->\n| told |\n<!-- /glossary -->\ntold";
    expect(findingsIn("a.md", text)).toMatchObject([{ line: 4, word: "told" }]);
  });

  it("gives a reason for each exception", () => {
    const reasons = TERMS.flatMap(({ except = [] }) => except).map(({ why }) => why);
    expect(reasons.filter((why) => why.length < 8)).toEqual([]);
  });

  it("checks pages, code, scripts and templates", () => {
    const files = proseFiles();
    for (const file of ["README.md", "orchestrator/src/redis/lua/complete.lua", "alertmanager/templates/links.tmpl"])
      expect(files).toContain(file);
    expect(files).not.toContain("scripts/prose.ts");
  });
});

describe("the check of clauses", () => {
  const words = (count: number) => Array.from({ length: count }, () => "word").join(" ");

  it("finds one of more than thirty words, over several lines, with the first line of its paragraph", () => {
    const text = `# Title\n\nShort.\n\n- ${words(16)}\n  ${words(15)}.\n- ${words(30)}.\n`;
    expect(longClausesIn("a.md", text)).toEqual([
      { file: "a.md", line: 5, word: "word word word word word word ...", instead: "at most 30 words, not 31" },
    ]);
  });

  it("counts from one mark to the next", () => {
    expect(longClausesIn("a.md", `${words(20)}; ${words(20)}: ${words(20)}. ${words(20)}`)).toEqual([]);
  });

  it("ignores code, tables and comments", () => {
    const long = words(40);
    expect(longClausesIn("a.md", `\`\`\`sh\n${long}\n\`\`\`\n| ${long} |\n<!-- ${long} -->\n`)).toEqual([]);
  });
});
