import { expect, it } from "vitest";
import { interleave } from "./rounds.ts";

it("rotates the order, and separates the results by round", async () => {
  const order: string[] = [];
  const results = await interleave(3, ["a", "b"], async (name, round) => {
    order.push(name);
    return `${name}${round}`;
  });
  expect(order).toEqual(["a", "b", "b", "a", "a", "b"]);
  expect(results).toEqual({ a: ["a0", "a1", "a2"], b: ["b0", "b1", "b2"] });
});
