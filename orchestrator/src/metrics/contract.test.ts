import { expect, it } from "vitest";
import { TASK_TYPE_PATTERN } from "./contract.ts";

it.each(["a", "ml", "a-b_c-9", "a".repeat(32)])("%s may be the name of a task type", (type) => {
  expect(TASK_TYPE_PATTERN.test(type)).toBe(true);
});

it.each(["", "A", "9a", "_a", "a b", "a.b", "a:b", "ä", "a\n", "a".repeat(33)])(
  "%j may not be the name of a task type",
  (type) => {
    expect(TASK_TYPE_PATTERN.test(type)).toBe(false);
  },
);
