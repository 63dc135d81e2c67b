import { describe, expect, test } from "vitest";
import { readPorts } from "./config.ts";

describe("ports", () => {
  test("come from the environment, otherwise from .env", () => {
    expect(readPorts({ PROMETHEUS_PORT: "19090", INBOX_PORT: "" })).toMatchObject({
      orchestrator: 8000,
      prometheus: 19090,
      inbox: 8090,
    });
  });

  test("are rejected by name, all at once", () => {
    expect(() => readPorts({ REDIS_PORT: "0", INBOX_PORT: "http", PROMETHEUS_PORT: "8000" })).toThrow(
      /PROMETHEUS_PORT and ORCHESTRATOR_PORT are both 8000\nINBOX_PORT must be a port, not "http"\nREDIS_PORT must be a port/,
    );
  });
});
