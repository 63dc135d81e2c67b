import { defineConfig } from "vitest/config";

const workspaces = "{orchestrator,alerts,alertmanager,dashboards,deploy/kubernetes}";

export default defineConfig({
  test: {
    projects: [
      {
        // Beside the code, no servers: seconds.
        test: {
          name: "unit",
          // They share no state; without isolation they take half the time.
          isolate: false,
          pool: "threads",
          include: [
            `${workspaces}/src/**/*.test.ts`,
            "e2e/{testkit,stack,services,alertDrill,demo,drill,mutation,chaos}/**/*.test.ts",
            "scripts/!(test)/**/*.test.ts",
            "scripts/*.test.ts",
            "orchestrator/bench/**/*.test.ts",
          ],
        },
      },
      {
        // Real binaries, no stack: promtool, amtool, Redis and Alertmanager processes, headless Chromium.
        test: {
          name: "servers",
          include: [
            `${workspaces}/test/**/*.test.ts`,
            "scripts/test/**/*.test.ts",
            "e2e/suites/recordings/**/*.test.ts",
          ],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Most of them wait for servers.
          maxWorkers: 3,
        },
      },
      {
        // The whole stack, one file after the other, because it measures times.
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
        // The same: the whole fire drill, and then a few schedules of random faults.
        test: {
          name: "drill",
          include: ["e2e/suites/drill/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
