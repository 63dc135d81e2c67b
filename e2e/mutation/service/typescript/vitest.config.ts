import { defineConfig } from "vitest/config";

/** The unit tests of the service alone, as Stryker runs them. */
export default defineConfig({
  test: { include: ["orchestrator/src/**/*.test.ts"], isolate: false, pool: "threads" },
});
