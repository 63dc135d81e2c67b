import { execFileSync } from "node:child_process";
import { drillProfile } from "@mcp-orchestrator/alerts";
import { expect } from "vitest";
import { test } from "../../stack/testing.ts";
import { NativeProgram, nativeRuntime } from "../../testkit/servers/native.ts";
import { until } from "../../testkit/until.ts";

const TIMEOUT_MS = 60_000;

test("a Prometheus that cannot write samples pages, since no worker is seen, and recovers", async ({ stackWith }) => {
  const { prometheus, inbox } = await stackWith({ profile: drillProfile(), runtime: nativeRuntime() });
  const { server } = prometheus;
  if (!(server instanceof NativeProgram)) throw new Error("not a process of this machine");
  /** The largest file that it may write: what is left of a disk. */
  const limitFiles = (bytes: number | "unlimited") =>
    execFileSync("prlimit", [`--pid=${server.pid}`, `--fsize=${bytes}:`]);
  const paged = (status: "firing" | "resolved") =>
    until(`a page that is ${status}`, { timeoutMs: TIMEOUT_MS }, () =>
      expect(
        inbox.store.list().filter((item) => item.receiver === "pagerduty" && item.status === status),
      ).toMatchObject([{ alertname: "NoActiveWorkers" }]),
    );
  limitFiles(1);
  await paged("firing");
  expect((await prometheus.alerts()).map(({ name }) => name)).toContain("Watchdog");
  limitFiles("unlimited");
  await paged("resolved");
});
