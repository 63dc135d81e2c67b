import { describe, expect, it, test } from "vitest";
import { findingsIn, proseFiles, TERMS } from "./prose.ts";

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
    ["a foreign key fills Redis", ["foreign key"]],
    ["refused at the door", ["at the door"]],
    ["wait for so long", ["so long"]],
    ["it runs no more.", ["no more"]],
    ["that is no number", ["is no number"]],
    ["nobody", ["nobody"]],
  ] as const)("finds what the glossary replaces: %s", ([text, expected]) => {
    expect(words(text)).toEqual(expected);
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

  it("looks at an exception's line all the same", () => {
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

  it("looks at pages, code, scripts and templates", () => {
    const files = proseFiles();
    for (const file of ["README.md", "orchestrator/src/redis/lua/complete.lua", "alertmanager/templates/links.tmpl"])
      expect(files).toContain(file);
    expect(files).not.toContain("scripts/prose.ts");
  });
});
