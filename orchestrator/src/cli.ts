#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { run } from "./cli/run.ts";

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => process.stdout.write(line),
  err: (line) => process.stderr.write(line),
  readInput: () => text(process.stdin),
  // hasColors() heeds NO_COLOR and dumb terminals.
  terminal: process.stdout.isTTY === true && process.stdout.hasColors(),
});
