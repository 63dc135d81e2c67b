/** Where times come from. Passed in, so that tests can set either clock on its own. */
export type Clock = {
  /** Epoch ms, for timestamps only: it may be set back or forward at any moment. */
  readonly wallMs: () => number;
  /** Milliseconds that only ever grow, for everything that lasts. */
  readonly monotonicMs: () => number;
};

/** The clocks of this machine. */
export const systemClock: Clock = { wallMs: Date.now, monotonicMs: () => performance.now() };
