import { rmSync } from "node:fs";

/** Kills a server, given by its process id and its folder, when the benchmark ends without having done so. */
const pid = Number(process.argv[2]);
const folder = process.argv[3];
// Ctrl-C goes to the whole process group and is the benchmark's to handle.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone, as it should be.
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
});
