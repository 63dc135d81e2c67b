/** Mutants that change nothing anybody could see, with the reason. */
type Equivalence = { readonly mutant: RegExp; readonly why: string };

const EQUIVALENTS: readonly Equivalence[] = [
  {
    mutant: /p95: function \S+ rate -> increase$/,
    why: "A quantile depends on the shares of the buckets, not on their unit.",
  },
  {
    mutant: /service:mcp_active_workers:sum: aggregation \S+ sum -> max$/,
    why: "Workers are never fewer than 0: the sum is 0 exactly when the largest is.",
  },
  {
    mutant: /(NoActiveWorkers|service:mcp_worker_crashes:rate): aggregation \S+ max -> sum$/,
    why: "`up` is 0 or 1: the sum is 0 exactly when the largest is.",
  },
  {
    mutant: /Watchdog: number /,
    why: "An alert fires for a sample of any value, and this one prints none.",
  },
];

/** Why a mutant of a rule is equivalent to the original; undefined when it is not. */
export function equivalenceOf(name: string): string | undefined {
  return EQUIVALENTS.find(({ mutant }) => mutant.test(name))?.why;
}
