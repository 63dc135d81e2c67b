import fc from "fast-check";
import { expect, test } from "vitest";
import { queues } from "../panels/queues.ts";
import type { Row } from "./dashboard.ts";
import { GRID_COLUMNS, place } from "./layout.ts";

const rows = fc.array(
  fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }).map((weights): Row => {
    const [first = 1, ...others] = weights;
    const cell = (weight: number) => ({ panel: queues.depth, weight });
    return [cell(first), ...others.map(cell)];
  }),
  { minLength: 1, maxLength: 5 },
);

test("every row fills the width of the grid, with any weights", () => {
  fc.assert(
    fc.property(rows, (some) => {
      const [section] = place({
        uid: "x",
        title: "x",
        description: "x",
        tags: [],
        sections: [{ title: "x", rows: some }],
      });
      const byRow = Map.groupBy(section?.panels ?? [], ({ place: at }) => at.y);
      expect(byRow.size).toBe(some.length);
      for (const panels of byRow.values()) {
        let edge = 0;
        for (const { place: at } of panels) {
          expect(at.x).toBe(edge);
          edge += at.w;
        }
        expect(edge).toBe(GRID_COLUMNS);
      }
    }),
  );
});
