import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

const scaleOf = (...argv: string[]) => parseOptions(argv).scale;

test("one alert alone, by its name or by its faults, is drilled at twice the speed", () => {
  expect(scaleOf("--only", "HighConsumerLag")).toBe(120);
  expect(scaleOf("--only", "workers-starved")).toBe(120);
  expect(scaleOf("--only", "NoActiveWorkers,workers-starved")).toBe(120);
});

test("everything else, and what is recorded, is drilled at the scale of minutes as seconds", () => {
  expect(scaleOf()).toBe(60);
  expect(scaleOf("--only", "HighConsumerLag,QueueDepthSpike")).toBe(60);
  expect(scaleOf("--only", "faults")).toBe(60);
  expect(scaleOf("--only", "idle")).toBe(60);
  expect(scaleOf("--only", "HighConsumerLag", "--record")).toBe(60);
});

test("a scale that is asked for stands", () => {
  expect(scaleOf("--scale", "1")).toBe(1);
  expect(scaleOf("--only", "HighConsumerLag", "--scale", "30")).toBe(30);
});
