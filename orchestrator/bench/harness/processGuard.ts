/** Kills a server, given by its process id, when the benchmark ends without having done so. */
const pid = Number(process.argv[2]);
// Ctrl-C goes to the whole process group and is the benchmark's to handle.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone, as it should be.
  }
  process.exit(0);
});
