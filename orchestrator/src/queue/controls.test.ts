import { expect, it } from "vitest";
import { parseControls } from "./controls.ts";

it("switches that were not changed stand as configured", () => {
  expect(parseControls({}, 0)).toEqual({
    rateLimit: { enabled: false, perSecond: 0 },
    expressBypass: false,
    paused: [],
  });
  expect(parseControls({}, 50).rateLimit).toEqual({ enabled: true, perSecond: 50 });
});

it("switches that were turned override the configuration", () => {
  const fields = { "rate-limit": "0", rate: "7", "express-bypass": "1", "paused:ml": "1", "paused:codegen": "1" };
  expect(parseControls(fields, 50)).toEqual({
    rateLimit: { enabled: false, perSecond: 7 },
    expressBypass: true,
    paused: ["codegen", "ml"],
  });
});
