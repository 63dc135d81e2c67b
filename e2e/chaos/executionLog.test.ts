import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ExecutionEvent, formatEvent, readExecutionLog } from "./executionLog.ts";

test("what was written is read again, without the line that a killed process left incomplete", () => {
  const folder = mkdtempSync(join(tmpdir(), "execution-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const event: ExecutionEvent = { event: "start", task: 3, taskId: "ml.express.1-0", attempt: 2, pid: 7, atMs: 1_000 };
  writeFileSync(join(folder, "log"), `${formatEvent(event)}start 4 ml.exp`);
  expect(readExecutionLog(join(folder, "log"))).toEqual([event]);
});
