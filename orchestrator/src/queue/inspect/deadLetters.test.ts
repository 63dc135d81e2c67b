import { expect, test } from "vitest";
import { parseDeadLetter } from "./deadLetters.ts";

const DEFAULTS = {
  id: "1-0",
  taskId: "",
  type: "",
  lane: "regular",
  reason: "internal",
  error: "",
  attempts: 0,
  priority: 0,
  payloadJson: "",
  stream: "",
  entryId: "",
  failedAtMs: 0,
  history: [],
};

test("a dead letter has all of its fields", () => {
  const history = [{ reason: "timeout", error: "slow", failedAtMs: 3 }];
  const fields = {
    task_id: "t-1",
    type: "ml",
    lane: "express",
    reason: "upstream",
    error: "502",
    attempts: "3",
    priority: "15",
    payload: '{"a":1}',
    stream: "mcp:queue:ml:express",
    entry_id: "5-6",
    failed_at: "7",
    history: JSON.stringify(history),
    unknown: "field",
  };
  expect(parseDeadLetter(["1-0", Object.entries(fields).flat()])).toEqual({
    id: "1-0",
    taskId: "t-1",
    type: "ml",
    lane: "express",
    reason: "upstream",
    error: "502",
    attempts: 3,
    priority: 15,
    payloadJson: '{"a":1}',
    stream: "mcp:queue:ml:express",
    entryId: "5-6",
    failedAtMs: 7,
    history,
  });
});

test.each([
  ["nothing", null],
  ["no fields", []],
  ["a name without a value", ["task_id"]],
  ["malformed values", ["attempts", "x", "priority", "", "failed_at", "y", "reason", "z", "lane", "q", "history", "{"]],
  ["a history that is not a list", ["history", '{"0":1}']],
])("a dead letter with %s has defaults", (_, fields) => {
  expect(parseDeadLetter(["1-0", fields])).toEqual(DEFAULTS);
});
