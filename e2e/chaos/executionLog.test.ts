import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ExecutionEvent, formatEvent, readExecutionLog } from "./executionLog.ts";

test("written lines are read, except an incomplete one of a killed process", () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "execution-log-"));
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
    join(folder.path, "log"),
    `${formatEvent({ ...event, run: "run1" })}${formatEvent(event)}start run2 4 ml.exp`,
  );
  expect(readExecutionLog(join(folder.path, "log"), "run2")).toEqual([event]);
});
