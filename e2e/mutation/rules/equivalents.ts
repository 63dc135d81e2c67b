/** Mutants without a visible effect, with the reason. */
type Equivalence = { readonly mutant: RegExp; readonly why: string };

/** In the order in which they are looked up. */
export const EQUIVALENTS: readonly Equivalence[] = [
  {
    mutant: /p95: function \S+ rate -> increase$/,
    why: "A quantile depends on the shares of the buckets, not on their unit.",
  },
  {
    mutant: /p95: aggregation \S+ sum -> avg$/,
    why: "Every replica has every bucket: the mean is the sum in another unit, and a quantile depends on shares.",
  },
  {
    mutant: /service:mcp_active_workers:sum: aggregation \S+ sum -> (max|avg)$/,
    why: "Workers are never fewer than 0: sum, mean and largest are 0 together.",
  },
  {
    mutant: /(NoActiveWorkers|service:mcp_worker_crashes:rate): aggregation \S+ max -> (sum|avg)$/,
    why: "`up` is 0 or 1: sum, mean and largest are 0 together.",
  },
  {
    mutant: /NoActiveWorkers: branch .* or .* -> .* or /,
    why: "The branches have the same labels, and no text prints the value: which of them comes first cannot be seen.",
  },
  {
    mutant: /Watchdog: number /,
    why: "An alert fires for a sample of any value, and this one prints none.",
  },
  {
    mutant: /Watchdog: keep_firing_for none -> /,
    why: "It never ends, so that nothing can come after its end.",
  },
  {
    mutant:
      /(HighConsumerLag|QueueDepthSpike|DeadLetterQueueGrowing|TasksUnaccounted): annotation description unformatted$/,
    why: "It prints a whole number, which looks the same either way.",
  },
  {
    mutant: /^(?!OrchestratorTargetDown).*: annotation dashboard_url unformatted$/,
    why: "Types are made of a-z, 0-9, _ and -, lanes of letters: in a URL they stand for themselves.",
  },
];

/** Why a mutant of a rule is equivalent to the original; undefined when it is not. */
export function equivalenceOf(name: string): string | undefined {
  return EQUIVALENTS.find(({ mutant }) => mutant.test(name))?.why;
}
