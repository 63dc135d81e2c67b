import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CircuitOpenError, UpstreamError } from "../errors.ts";
import { Breaker, type BreakerSettings, type CircuitEvent, type CircuitState } from "./breaker.ts";

const SETTINGS: BreakerSettings = {
  consecutiveFailures: 5,
  failureRatio: 0.5,
  windowMs: 10_000,
  minPerSecond: 5,
  resetMs: 5_000,
};
const HOUR_MS = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
afterEach(() => void vi.useRealTimers());

type Observed = { breaker: Breaker; states: CircuitState[]; events: CircuitEvent[] };

function breakerWith(changes: Partial<BreakerSettings> = {}): Observed {
  const states: CircuitState[] = [];
  const events: CircuitEvent[] = [];
  const breaker = new Breaker(
    "chat",
    { ...SETTINGS, ...changes },
    {
      now: () => performance.now(),
      onState: (state) => states.push(state),
      publish: (one) => events.push(one),
    },
  );
  return { breaker, states, events };
}

const succeed = async () => "ok";
const fail =
  (options: ConstructorParameters<typeof UpstreamError>[2] = {}) =>
  async (): Promise<never> => {
    throw new UpstreamError("chat", "chat answered 503", options);
  };
const caught = (running: Promise<unknown>) => running.catch((thrown: unknown) => thrown);

async function trip({ breaker, states }: Observed): Promise<void> {
  for (let n = 0; n < SETTINGS.consecutiveFailures; n++) await caught(breaker.run(fail()));
  expect(states.at(-1)).toBe("open");
}

describe("a circuit breaker", () => {
  it("opens after failures in a row, at any distance, and spends no attempt on the last of them", async () => {
    const { breaker } = breakerWith();
    for (let n = 1; n < SETTINGS.consecutiveFailures; n++) {
      expect(await caught(breaker.run(fail()))).toMatchObject({ name: "UpstreamError" });
      vi.advanceTimersByTime(HOUR_MS);
    }
    const error = await caught(breaker.run(fail()));
    expect(error).toMatchObject({ name: "CircuitOpenError", retryAfterMs: SETTINGS.resetMs });
    expect((error as CircuitOpenError).message).toContain("chat answered 503");
  });

  it("stays closed if a success comes in between", async () => {
    const { breaker, states, events } = breakerWith();
    for (let n = 0; n < 20; n++) {
      if (n % 4 === 3) await breaker.run(succeed);
      else await caught(breaker.run(fail()));
      vi.advanceTimersByTime(1_000);
    }
    expect(states).toEqual([]);
    expect(events.filter(({ kind }) => kind === "succeeded")).toHaveLength(5);
  });

  it("opens at a share of failures if the rate is high enough", async () => {
    const { breaker, states } = breakerWith({ consecutiveFailures: 1_000 });
    for (let n = 0; n < 49; n++) await caught(breaker.run(n % 2 === 0 ? succeed : fail()));
    expect(states).toEqual([]);
    await caught(breaker.run(fail()));
    expect(states).toEqual(["open"]);
  });

  it("forgets results that are older than its window", async () => {
    const { breaker, states } = breakerWith({ consecutiveFailures: 1_000 });
    for (let n = 0; n < 49; n++) await caught(breaker.run(fail()));
    vi.advanceTimersByTime(SETTINGS.windowMs);
    for (let n = 0; n < 49; n++) await caught(breaker.run(fail()));
    expect(states).toEqual([]);
  });

  it("allows requests after its time although the wall clock was set back by an hour", async () => {
    const observed = breakerWith();
    await trip(observed);
    vi.setSystemTime(Date.now() - HOUR_MS);
    vi.advanceTimersByTime(SETTINGS.resetMs);
    expect(observed.breaker.state).toBe("half_open");
    expect(await observed.breaker.run(succeed)).toBe("ok");
    expect(observed.states).toEqual(["open", "half_open", "closed"]);
    expect(observed.events.at(-1)).toEqual({ kind: "closed" });
  });

  it("stays open for the Retry-After of the upstream, at most a minute", async () => {
    for (const [retryAfterMs, openMs] of [
      [20_000, 20_000],
      [HOUR_MS, 60_000],
      [10, SETTINGS.resetMs],
    ] as const) {
      const observed = breakerWith({ consecutiveFailures: 1 });
      await caught(observed.breaker.run(fail({ retryAfterMs })));
      expect(observed.events).toEqual([{ kind: "opened", openMs }]);
      vi.advanceTimersByTime(openMs - 1);
      expect(observed.breaker.state).toBe("open");
      vi.advanceTimersByTime(1);
      expect(observed.breaker.state).toBe("half_open");
    }
  });

  it("allows one probe at a time, and the next one if a probe ends without a result", async () => {
    const observed = breakerWith();
    const { breaker } = observed;
    await trip(observed);
    vi.advanceTimersByTime(SETTINGS.resetMs);
    const aborted = Promise.withResolvers<never>();
    const probe = caught(breaker.run(() => aborted.promise));
    expect(await caught(breaker.run(succeed))).toMatchObject({ name: "CircuitOpenError", retryAfterMs: undefined });
    aborted.reject(new Error("the task's time is over"));
    expect(await probe).toMatchObject({ message: "the task's time is over" });
    expect(await breaker.run(succeed)).toBe("ok");
    expect(breaker.state).toBe("closed");
  });

  it("closes if the request of the probe is rejected as wrong, because the upstream works", async () => {
    const observed = breakerWith();
    await trip(observed);
    vi.advanceTimersByTime(SETTINGS.resetMs);
    expect(await caught(observed.breaker.run(fail({ permanent: true })))).toMatchObject({ name: "UpstreamError" });
    expect(observed.breaker.state).toBe("closed");
  });

  it("ignores results of requests from before its last change, and they spend no attempt", async () => {
    const observed = breakerWith();
    const { breaker } = observed;
    const early = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
    const running = early.map(({ promise }) => caught(breaker.run(() => promise)));
    await trip(observed);
    early[0].resolve("ok");
    early[1].reject(new UpstreamError("chat", "late"));
    expect(await running[0]).toBe("ok");
    expect(await running[1]).toBeInstanceOf(CircuitOpenError);
    expect(observed.states).toEqual(["open"]);
    expect(observed.events.filter(({ kind }) => kind === "opened")).toHaveLength(1);
  });

  it("applies events of the other workers once it has sent a request itself", async () => {
    const { breaker, states } = breakerWith();
    breaker.observe({ kind: "opened", openMs: 1_000 });
    expect(breaker.state).toBe("closed");
    await breaker.run(succeed);
    breaker.observe({ kind: "opened", openMs: 1_000 });
    expect(await caught(breaker.run(succeed))).toMatchObject({ name: "CircuitOpenError", retryAfterMs: 1_000 });
    breaker.observe({ kind: "closed" });
    expect(await breaker.run(succeed)).toBe("ok");
    for (let n = 1; n < SETTINGS.consecutiveFailures; n++) breaker.observe({ kind: "failed" });
    breaker.observe({ kind: "succeeded" });
    for (let n = 1; n < SETTINGS.consecutiveFailures; n++) breaker.observe({ kind: "failed" });
    expect(breaker.state).toBe("closed");
    breaker.observe({ kind: "failed" });
    expect(states).toEqual(["open", "closed", "open"]);
  });
});
