import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { expect, it, vi } from "vitest";
import { createIdentity, type ProcessEvidence, stateOfProcess } from "./processIdentity.ts";

const { evidence } = createIdentity("a");
const own = evidence as ProcessEvidence;

it("a process that runs is alive, and one that has ended is gone", async () => {
  expect(stateOfProcess(own)).toBe("alive");
  const child = spawn("true");
  await once(child, "exit");
  expect(stateOfProcess({ ...own, pid: child.pid as number })).toBe("gone");
});

it("a process whose pid another one has now is gone", () => {
  expect(stateOfProcess({ ...own, startedAt: "1" })).toBe("gone");
});

it("nothing is known of a process that is not visible from here", () => {
  expect(stateOfProcess({ ...own, boot: "another" })).toBe("unknown");
  expect(stateOfProcess({ ...own, namespace: "another" })).toBe("unknown");
  expect(stateOfProcess(undefined)).toBe("unknown");
});

it("nothing is known of any process if the operating system provides nothing", () => {
  const read = vi.spyOn(fs, "readFileSync").mockImplementation(() => {
    throw new Error("ENOENT");
  });
  syncBuiltinESMExports();
  try {
    expect(createIdentity("a").evidence).toBeUndefined();
    expect(stateOfProcess(own)).toBe("unknown");
  } finally {
    read.mockRestore();
    syncBuiltinESMExports();
  }
});
