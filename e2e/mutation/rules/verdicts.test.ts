import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Verdicts } from "./verdicts.ts";

test("a verdict is reused for the same texts, also in the next run", () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "verdicts-"));
  const file = join(folder.path, "new", "verdicts");
  const first = new Verdicts(file);
  expect(first.of(["3.5", "rules", "tests"])).toBeUndefined();
  first.keep(["3.5", "rules", "tests"], true);
  first.keep(["3.5", "other rules", "tests"], false);
  for (const verdicts of [first, new Verdicts(file)]) {
    expect(verdicts.of(["3.5", "rules", "tests"])).toBe(true);
    expect(verdicts.of(["3.5", "other rules", "tests"])).toBe(false);
    expect(verdicts.of(["2.42", "rules", "tests"])).toBeUndefined();
  }
});
