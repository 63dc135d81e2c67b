import { defineConfig } from "vitest/config";

const workspaces = "{orchestrator,alerts,alertmanager,dashboards,deploy/kubernetes}";

export default defineConfig({
  test: {
    projects: [
      {
        // Beside the code, no servers: seconds.
        test: {
          name: "unit",
          // They share nothing: without a fresh environment for each file they take half the time.
          isolate: false,
          pool: "threads",
          // Bounds for what hangs: the tests take milliseconds, and a busy machine stretches any of them.
          testTimeout: 30_000,
          expect: { poll: { timeout: 10_000 } },
          include: [
            `${workspaces}/src/**/*.test.ts`,
            "e2e/{testkit,stack,services,drill,mutation,chaos}/**/*.test.ts",
            "scripts/**/*.test.ts",
            "orchestrator/bench/**/*.test.ts",
          ],
        },
      },
      {
        // Real binaries, no stack: promtool, amtool, Redis and Alertmanager processes, headless Chromium.
        test: {
          name: "servers",
          include: [`${workspaces}/test/**/*.test.ts`, "e2e/suites/recordings/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Most of them wait for what servers do.
          maxWorkers: 3,
        },
      },
      {
        // The whole stack, one file after the other: what it measures is time.
        test: {
          name: "e2e",
          include: ["e2e/suites/stack/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // Minutes, and alone on the machine: the compose file with a real engine.
        test: {
          name: "compose",
          include: ["e2e/suites/compose/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The same: the service under random faults, a few schedules of the campaign.
        test: {
          name: "chaos",
          include: ["e2e/suites/chaos/**/*.test.ts"],
          // A start may take long on a busy machine; a schedule has its own bound.
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The same: the whole fire drill.
        test: {
          name: "drill",
          include: ["e2e/suites/drill/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
