import { readFileSync } from "node:fs";
import { readSettings } from "./config.ts";

/**
 * Preloaded into a process: shifts its wall clock by the milliseconds in a file, like a step of the system's clock.
 * Timers and performance.now() are not changed.
 */
const LOOK_INTERVAL_MS = 25;
const RealDate = Date;
const { clockFile } = readSettings();
let offsetMs = 0;

function look(): void {
  try {
    offsetMs = Number(readFileSync(clockFile, "utf8")) || 0;
  } catch {
    // The file is being written.
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
