/** Mutants of routing and inhibition without a visible effect, with the reason. */
export const EQUIVALENTS: readonly { readonly mutant: RegExp; readonly why: string }[] = [
  {
    mutant: /^route: slack-(critical|warnings): continue toggled$/,
    why: "No later route takes alerts of this severity.",
  },
  {
    mutant: /^route: slack-warnings moved up$/,
    why: "No alert has two severities: the order of the two Slack routes decides nothing.",
  },
  {
    mutant: /^route: pagerduty of NotificationsFailing moved up$/,
    why: "No alert has two names: its order and that of the dead man's switch decide nothing.",
  },
  {
    mutant:
      /^inhibition by alertname="(ExpressLatencyHigh|ExpressWaitHigh|TaskFailureRateHigh|OrchestratorTargetDown)": equal with severity$/,
    why: "What it inhibits has its severity.",
  },
];

/** Why a mutant is equivalent to the original; undefined when it is not. */
export function equivalenceOf(name: string): string | undefined {
  return EQUIVALENTS.find(({ mutant }) => mutant.test(name))?.why;
}
