#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { run } from "./cli/run.ts";

// A reader such as head has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.exitCode = await run(process.argv.slice(2), {
  out: (line) => process.stdout.write(line),
  err: (line) => process.stderr.write(line),
  readInput: () => text(process.stdin),
  pause: (durationMs) => pause(durationMs),
  // hasColors() respects NO_COLOR and dumb terminals.
  terminal: process.stdout.isTTY === true && process.stdout.hasColors(),
});
