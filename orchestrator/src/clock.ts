/** The source of times. Passed as a dependency, so that tests can set each clock. */
export type Clock = {
  /** Epoch ms. For timestamps only, because the clock may be set back or forward at any time. */
  readonly wallMs: () => number;
  /** Monotonic milliseconds. For durations. */
  readonly monotonicMs: () => number;
};

/** The clocks of this machine. */
export const systemClock: Clock = { wallMs: Date.now, monotonicMs: () => performance.now() };
