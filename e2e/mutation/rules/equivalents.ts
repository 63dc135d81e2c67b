/** Mutants without a visible effect, with the reason. */
type Equivalence = { readonly mutant: RegExp; readonly why: string };

/** The first match applies. */
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
    mutant:
      /: nesting \S+ sum .*(mcp_ack_failures_total|mcp_(active|expected)_workers|outcome="|lane="express"|up\{).* -> sum .*\(max by/,
    why: "A replica has one series with these labels, which is both their largest and their sum.",
  },
  {
    mutant: /service:mcp_active_workers:sum: (aggregation \S+ (sum -> (max|avg)|max -> sum)$|nesting)/,
    why: "Workers are never fewer than 0: sum, mean and largest are 0 together.",
  },
  {
    mutant: /ServiceUnstable \/ \S*service:mcp_active_workers:sum: grouping \S+ .* -> by \((.*, )?instance\)$/,
    why: "One replica with workers is enough: it does not matter whether they are added up first.",
  },
  {
    mutant:
      /type:mcp_active_workers:wanted: (aggregation \S+ (sum -> (max|avg)|max -> (sum|avg)|min -> (max|avg))$|nesting)/,
    why: "Only whether it is 0 counts, and none of these numbers is ever negative.",
  },
  {
    mutant: /type:mcp_active_workers:wanted: branch \S+ sum .*mcp_expected_workers.* -> max/,
    why: "Both branches only say which types are wanted: their values are not used.",
  },
  {
    mutant: /service:mcp_redis_state_known:max: (aggregation \S+ max -> (sum|avg)$|nesting)/,
    why: "It is 0 or 1 on each replica: largest, sum and mean are 0 together.",
  },
  {
    mutant: /override_type:mcp_operator_override:max: (aggregation \S+ max -> (sum|avg)$|nesting)/,
    why: "It is 0 or 1 on each replica: largest, sum and mean are above 0 together.",
  },
  {
    mutant:
      /kind:mcp_redis_durable:min: branch \S+ min by \(.*kind\).* -> min .*\(mcp_redis_replication_ok(\{.*\})?\) or/,
    why: "One branch has the label kind and the other has not: no sample of one hides one of the other.",
  },
  {
    mutant: /job:config_last_reload_successful:min: branch \S+ prometheus_\S+ or .* -> alertmanager_\S+ or/,
    why: "No target exposes both.",
  },
  {
    mutant: /(RedisNotDurable|SwitchLeftOn): function \S+ last_over_time -> (max|min)_over_time$/,
    why: "Of the last hour only that there was a sample counts: no text prints the value.",
  },
  {
    mutant:
      /(rule_group|type_lane):\S+:increase[57]m: (aggregation \S+ sum -> (max|avg)$|function \S+ increase -> rate$|nesting)/,
    why: "Only whether it is above 0 counts, and no text prints the value.",
  },
  {
    mutant: /: branch \S+ (last_over_time.*) or (last_over_time\(\S+\[1h\]\) and on .*) -> \2 or \1$/,
    why: "Where both branches have a sample, it is the same last one.",
  },
  {
    mutant:
      /(ServiceUnstable|WorkerCrashesPersist|TypeSubmissionsFailing|Budget\w+): function \S+ max_over_time -> (last|min)_over_time$/,
    why: "The series of an alert that fires is always 1.",
  },
  {
    mutant: /: offset \S+ (ALERTS\{.*alertstate="firing"\}) -> \1 offset 1m$/,
    why: "An alert that began to fire less than a minute ago is kept firing for longer than that.",
  },
  {
    mutant: /(NoActiveWorkers|service:mcp_worker_crashes:rate): (aggregation \S+ max -> (sum|avg)$|nesting \S+ max)/,
    why: "`up` is 0 or 1: sum, mean and largest are 0 together.",
  },
  {
    mutant: /(NoActiveWorkers|service:mcp_active_workers:absent): matching \S+ on \(.+\) -> nothing$/,
    why: "Both sides have the scope labels and no others.",
  },
  {
    mutant: /NoActiveWorkers: branch .* or .* -> .* or /,
    why: "The branches have the same labels, and no text prints the value: which of them comes first cannot be seen.",
  },
  {
    mutant: /OrchestratorTargetDown: branch \S+ (.* == 0) or (.*) -> \2 or \1$/,
    why: "No text prints the value: which of the branches comes first cannot be seen.",
  },
  {
    mutant: /(Watchdog|mcp_installation:expected .*): number /,
    why: "An alert fires for a sample of any value, and this one prints none.",
  },
  {
    mutant: /BudgetBurnsFast: keep_firing_for 2m -> (2m30s|1m30s)$/,
    why: "Its group is evaluated every five minutes: each of them keeps it firing for one evaluation.",
  },
  {
    mutant: /^Watchdog \/ \S+: interval /,
    why: "It fires at the first evaluation already, and never ends.",
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
