import { expect, test } from "vitest";
import { repeated, rest } from "./repeated.ts";

const LONG_MS = 3_600_000;

test("it repeats until it is removed, which does not wait for its rest", async () => {
  const three = Promise.withResolvers<void>();
  let rounds = 0;
  const fault = repeated(new AbortController().signal, async (ended) => {
    rounds += 1;
    if (rounds === 3) three.resolve();
    await rest(rounds < 3 ? 0 : LONG_MS, ended);
  });
  await three.promise;
  await fault.remove();
  expect(rounds).toBe(3);
});

test("an error of a round is thrown once, when it is removed", async () => {
  const fault = repeated(new AbortController().signal, async () => {
    throw new Error("no worker");
  });
  await expect(fault.remove()).rejects.toThrow("no worker");
  await fault.remove();
});

test("the end of the episode ends it", async () => {
  const episode = new AbortController();
  const fault = repeated(episode.signal, (ended) => rest(LONG_MS, ended));
  episode.abort();
  await fault.remove();
});
