import { expect, it, onTestFinished, vi } from "vitest";
import { CounterDeltas } from "../metrics/counterDeltas.ts";
import { createLayout } from "../metrics/layout.ts";
import type { FromWorker } from "../supervisor/protocol.ts";
import { Reporter } from "./reporter.ts";

it("reports counters before each heartbeat, and only once", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const kinds: string[] = [];
  const counters = new CounterDeltas(createLayout(["ml"]));
  const reporter = new Reporter({
    send: (message, sent) => {
      kinds.push(message.kind);
      sent();
    },
    counters,
    health: () => ({ pollAgeMs: { express: 0, regular: 0 }, inFlight: 0, paused: "", stuckTask: "" }),
    heartbeatIntervalMs: 200,
    now: () => 0,
  });
  reporter.start();
  onTestFinished(() => reporter.stop());
  const { completed } = counters.telemetry.lane("ml", "regular");
  vi.advanceTimersByTime(100);
  completed(1);
  vi.advanceTimersByTime(150);
  expect(kinds).toEqual(["heartbeat", "metrics", "heartbeat"]);
  vi.advanceTimersByTime(100);
  expect(kinds).toHaveLength(3);
  completed(1);
  vi.advanceTimersByTime(300);
  expect(kinds.filter((kind) => kind === "metrics")).toHaveLength(2);
});

it("announces a delayed task if it is due before the announced one, or after that time has passed", () => {
  const sent: FromWorker[] = [];
  let nowMs = 1_000;
  const reporter = new Reporter({
    send: (message) => sent.push(message),
    counters: new CounterDeltas(createLayout(["ml"])),
    health: () => ({ pollAgeMs: { express: 0, regular: 0 }, inFlight: 0, paused: "", stuckTask: "" }),
    heartbeatIntervalMs: 1_000,
    now: () => nowMs,
  });
  reporter.delayed(500);
  reporter.delayed(500);
  reporter.delayed(900);
  reporter.delayed(400);
  nowMs += 399;
  reporter.delayed(800);
  nowMs += 1;
  reporter.delayed(800);
  expect(sent).toEqual([500, 400, 800].map((delayMs) => ({ kind: "delayed", delayMs })));
});
