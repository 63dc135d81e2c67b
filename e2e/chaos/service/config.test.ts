import { expect, test } from "vitest";
import { environmentOf, readSettings } from "./config.ts";

const SETTINGS = { executionLog: "/tmp/executions", stretch: 1.5, clockFile: "/tmp/clock" };

test("a module reads its settings, and names a missing one", () => {
  expect(readSettings(environmentOf(SETTINGS))).toEqual(SETTINGS);
  expect(() => readSettings({ ...environmentOf(SETTINGS), CHAOS_CLOCK_FILE: undefined })).toThrow(
    "CHAOS_CLOCK_FILE is not set",
  );
});
