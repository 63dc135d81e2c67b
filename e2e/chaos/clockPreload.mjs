import { readFileSync } from "node:fs";

/**
 * Loaded into a process before everything else: its wall clock is off by the milliseconds that a file names, as after a
 * step of the system's clock. Timers and performance.now() go on as they do then.
 */
const LOOK_INTERVAL_MS = 25;
const RealDate = Date;
let offsetMs = 0;

function look() {
  try {
    offsetMs = Number(readFileSync(process.env.CHAOS_CLOCK_FILE, "utf8")) || 0;
  } catch {
    // It is being written.
  }
}
look();
setInterval(look, LOOK_INTERVAL_MS).unref();

const now = () => RealDate.now() + offsetMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
});
