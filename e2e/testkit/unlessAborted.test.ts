import { expect, test } from "vitest";
import { unlessAborted } from "./unlessAborted.ts";

const REASON = new Error("interrupted");

test("work that ends in time returns its value or its error", async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, Promise.resolve(7))).toBe(7);
  await expect(unlessAborted(signal, Promise.reject(new Error("failed")))).rejects.toThrow("failed");
});

test("work that never ends is not awaited after the abort", async () => {
  const controller = new AbortController();
  const waiting = unlessAborted(controller.signal, new Promise(() => undefined));
  controller.abort(REASON);
  await expect(waiting).rejects.toBe(REASON);
  await expect(unlessAborted(controller.signal, Promise.resolve(7))).rejects.toBe(REASON);
});

test("an error of the work after the signal is aborted is dropped", async () => {
  const work = Promise.withResolvers<never>();
  await expect(unlessAborted(AbortSignal.abort(REASON), work.promise)).rejects.toBe(REASON);
  work.reject(new Error("too late"));
  await new Promise((resolve) => setImmediate(resolve));
});
