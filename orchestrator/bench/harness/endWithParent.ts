/** Loaded first in each process of the benchmark, so that it ends when the benchmark ends in any way. */
process.once("disconnect", () => process.exit(1));
// The listener must not keep a finished process alive.
process.channel?.unref();
