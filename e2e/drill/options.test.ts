import { expect, onTestFinished, test, vi } from "vitest";
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

test("an explicit scale is kept", () => {
  expect(scaleOf("--scale", "1")).toBe(1);
  expect(scaleOf("--only", "HighConsumerLag", "--scale", "30")).toBe(30);
});

test("a campaign is asked for by a number of schedules, and has a seed of its own", () => {
  expect(parseOptions(["--random", "20", "--seed", "7"])).toMatchObject({ random: 20, seed: 7, scale: 60 });
  expect(parseOptions([]).random).toBeUndefined();
  expect(parseOptions(["--replay", "seed-1-missed.json"])).toMatchObject({ replay: "seed-1-missed.json" });
});

test.each([
  ["--random", "-1"],
  ["--random", "2.5"],
  ["--random", "many"],
  ["--random", "1", "--seed", "-1"],
  ["--random", "1", "--minutes", "0"],
  ["--random", "1", "--replay", "file.json"],
  ["--matrix", "--random", "1"],
  ["--jobs", "0"],
])("wrong arguments are status 2: %s", (...argv) => {
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`status ${code}`);
  });
  const silent = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => {
    exit.mockRestore();
    silent.mockRestore();
  });
  expect(() => parseOptions(argv)).toThrow("status 2");
});
