import { expect, test } from "vitest";
import { Progress } from "./progress.ts";

function outputOf(isTTY: boolean, act: (progress: Progress) => void): string[] {
  const written: string[] = [];
  const progress = new Progress({ isTTY, write: (text) => written.push(text) });
  progress.expect("rules", 150);
  progress.expect("routes", 50);
  act(progress);
  return written;
}

test("a log has about ten lines, for any number of mutants", () => {
  const lines = outputOf(false, (progress) => {
    progress.decided("routes", 50);
    for (let count = 1; count <= 150; count += 1) progress.decided("rules", count);
  });
  expect(lines.length).toBe(9);
  expect(lines[0]).toBe("25 % of 200 mutants tried\n");
  expect(lines.at(-1)).toBe("100 % of 200 mutants tried\n");
});

test("a terminal gets every update, on one line", () => {
  expect(outputOf(true, (progress) => progress.decided("rules", 3))).toEqual(["\r\u001b[K1 % of 200 mutants tried"]);
});

test("an area that was not announced is an error", () => {
  expect(() => outputOf(false, (progress) => progress.decided("elsewhere", 1))).toThrow(RangeError);
});
