import type { Matrix } from "./cell.ts";

export const alertingModes: Pick<Matrix, "Prometheus" | "Alertmanager" | "Receivers"> = {
  Prometheus: [
    {
      mode: "crash",
      what: "Prometheus is down for good",
      proofs: [
        {
          excluded:
            "It cannot report itself: the dead man's switch, outside of it, stops receiving the Watchdog and calls.",
        },
      ],
    },
    { mode: "restart", what: "Prometheus restarts in an incident", proofs: [{ drilled: ["prometheus-restart"] }] },
    {
      mode: "connections cut",
      what: "No scrape gets through for a while in an incident",
      proofs: [{ drilled: ["scrapes-lost"] }],
    },
    {
      mode: "partial",
      what: "One scrape is missed, and later two in a row",
      proofs: [{ drilled: ["missed-scrapes"] }],
    },
    { mode: "wrong answer", what: "A rule is added that cannot be evaluated", proofs: [{ drilled: ["rule-broken"] }] },
    {
      mode: "wrong answer",
      what: "Its configuration is rejected at a reload",
      proofs: [{ samples: { ConfigurationReloadFailed: "Prometheus' own is named as well" } }],
    },
    {
      mode: "data lost",
      what: "Its rules are gone: an empty file is loaded",
      proofs: [
        { excluded: "No rule is left to report it. The Watchdog is one of them, so the dead man's switch calls." },
      ],
    },
    {
      mode: "out of disk",
      what: "Its disk is full, and samples are lost",
      proofs: [{ test: "e2e/suites/stack/fullDisk.test.ts" }],
    },
    { mode: "slow", what: "It scrapes once a minute", proofs: [{ test: "alerts/test/baselines.test.ts" }] },
    {
      mode: "slow",
      what: "Evaluations are late or skipped",
      proofs: [{ samples: { RuleEvaluationFailing: "one every six and a half minutes is not" } }],
    },
    {
      mode: "partial",
      what: "Two servers of a pair evaluate the same rules",
      proofs: [{ samples: { RuleEvaluationFailing: "both servers of a pair make one alert" } }],
    },
  ],
  Alertmanager: [
    {
      mode: "crash",
      what: "Alertmanager is down for good",
      proofs: [{ excluded: "Nothing can be notified: the dead man's switch stops receiving the Watchdog and calls." }],
    },
    { mode: "restart", what: "Alertmanager restarts in an incident", proofs: [{ drilled: ["alertmanager-restart"] }] },
    {
      mode: "wrong answer",
      what: "Its configuration is rejected at a reload",
      proofs: [{ drilled: ["alertmanager-configuration-broken"] }],
    },
    {
      mode: "partial",
      what: "One of a pair rejects its configuration",
      proofs: [{ samples: { ConfigurationReloadFailed: "one Alertmanager of a pair that rejects it is enough" } }],
    },
    {
      mode: "left-over switch",
      what: "A silence is left on",
      proofs: [
        {
          excluded:
            "A silence is deliberate, and ends when its author said. One on the Watchdog makes the dead man's switch call.",
        },
      ],
    },
  ],
  Receivers: [
    {
      mode: "permission lost",
      what: "The webhook of a Slack channel is revoked",
      proofs: [{ drilled: ["webhook-revoked"] }],
    },
    {
      mode: "permission lost",
      what: "PagerDuty no longer accepts the key",
      proofs: [
        {
          samples: {
            NotificationsFailing: "failures of both Alertmanagers of a pair and for all reasons count together",
          },
        },
      ],
    },
    {
      mode: "flapping",
      what: "A receiver fails once in a while",
      proofs: [{ samples: { NotificationsFailing: "a single failure of each receiver is silent" } }],
    },
    {
      mode: "wrong answer",
      what: "A receiver accepts a message and shows it to no reader",
      proofs: [{ excluded: "Alertmanager sees an accepted message. Only a person who receives a test page can know." }],
    },
  ],
};
