import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ExecutionEvent, formatEvent, readExecutionLog } from "./executionLog.ts";

test("what was written is read again, without the line that a killed process left incomplete", () => {
  const folder = mkdtempSync(join(tmpdir(), "execution-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const event: ExecutionEvent = {
    event: "start",
    run: "run2",
    task: 3,
    taskId: "ml.express.1-0",
    attempt: 2,
    pid: 7,
    atMs: 1_000,
  };
  writeFileSync(
    join(folder, "log"),
    `${formatEvent({ ...event, run: "run1" })}${formatEvent(event)}start run2 4 ml.exp`,
  );
  expect(readExecutionLog(join(folder, "log"), "run2")).toEqual([event]);
});
