import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseView, type ViewState, viewAddress } from "./viewState.ts";

const DEFAULTS = { range: { from: "now-1h", to: "now" }, refresh: "15s" };
const word = fc.stringMatching(/^[a-z0-9:._-]{1,12}$/);
const uid = fc.stringMatching(/^[a-z][a-z-]{0,12}$/);

const states: fc.Arbitrary<ViewState> = fc.record({
  uid,
  range: fc.record({
    from: fc.constantFrom("now-5m", "now-2d", "1700000000000"),
    to: fc.constantFrom("now", "1700000360000"),
  }),
  refresh: fc.constantFrom("", "5s", "1m"),
  selection: fc.dictionary(uid, fc.uniqueArray(word, { minLength: 1, maxLength: 3 }), { maxKeys: 3 }),
  viewPanel: fc.option(fc.integer({ min: 1, max: 2_000_000 }), { nil: undefined }),
});

describe("an address", () => {
  test("has everything that is shown", () => {
    fc.assert(
      fc.property(states, (state) => {
        const url = new URL(viewAddress(state), "http://localhost");
        expect(parseView(url.pathname, url.search, DEFAULTS, "first")).toEqual(state);
      }),
    );
  });

  test("of an alert opens its panel with its variables", () => {
    expect(parseView("/d/mcp-orchestrator", "?viewPanel=5&var-type=ml&var-lane=express", DEFAULTS, "first")).toEqual({
      uid: "mcp-orchestrator",
      ...DEFAULTS,
      selection: { type: ["ml"], lane: ["express"] },
      viewPanel: 5,
    });
  });

  test("of Grafana means the same", () => {
    const view = parseView("/d/mcp-queues/slug", "?viewPanel=panel-7&var-type=$__all", DEFAULTS, "first");
    expect([view.uid, view.viewPanel, view.selection]).toEqual(["mcp-queues", 7, {}]);
  });

  test("without a dashboard opens the first", () => {
    expect(parseView("/", "", DEFAULTS, "first").uid).toBe("first");
  });
});
