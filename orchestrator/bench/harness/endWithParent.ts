/** Loaded before every process of the benchmark: none goes on when the benchmark is gone, however it went. */
process.once("disconnect", () => process.exit(1));
// To listen must not keep a process alive that is done.
process.channel?.unref();
