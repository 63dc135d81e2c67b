import type { AlertName } from "@mcp-orchestrator/alerts";
import type { Meaning } from "./oracle/oracle.ts";

const cause = (...explains: Meaning["explains"]): Meaning => ({ explains, aboutClients: false });
const clients = (...explains: Meaning["explains"]): Meaning => ({ explains, aboutClients: true });

/** What the on-call engineer understands from each alert's message. By hand: the oracle takes nothing from the rules. */
export const MEANINGS: Readonly<Record<AlertName, Meaning>> = {
  HighACKFailureRate: cause("slow", "stuck"),
  ACKSuccessRateDegradation: cause("slow"),
  HighConsumerLag: cause("slow", "stuck"),
  QueueDepthSpike: cause("slow", "stuck"),
  ExpressLatencyHigh: clients("slow"),
  ExpressLatencyCritical: clients("slow"),
  WorkerCrashRateHigh: cause("slow", "stuck", "failed"),
  NoActiveWorkers: cause("refused", "slow", "stuck"),
  TaskFailureRateHigh: clients("failed"),
  TypeWithoutWorkers: cause("slow", "stuck"),
  WorkersMissing: cause("slow", "stuck"),
  WorkerCrashesPersist: cause("slow", "stuck", "failed"),
  ServiceUnstable: cause("refused", "slow", "stuck"),
  OrchestratorTargetDown: cause("refused", "slow", "stuck"),
  ReplicasMissing: cause("refused"),
  SubmissionsFailing: clients("refused"),
  TypeSubmissionsFailing: clients("refused"),
  ExpressWaitHigh: clients("slow"),
  OldestTaskTooOld: cause("slow", "stuck"),
  RetriesOverdue: cause("slow", "stuck"),
  DeadLetterQueueGrowing: clients("failed"),
  TasksUnaccounted: cause(),
  SwitchLeftOn: cause("refused", "slow", "stuck"),
  RedisStateUnknown: cause("refused", "slow", "stuck"),
  RedisMemoryHigh: cause("refused"),
  RedisNotDurable: cause("refused"),
  ExpressBudgetBurnsFast: clients("slow"),
  SuccessBudgetBurnsFast: clients("failed"),
  ExpressBudgetBurnsSlowly: clients("slow"),
  SuccessBudgetBurnsSlowly: clients("failed"),
  NotificationsFailing: cause(),
  RuleEvaluationFailing: cause(),
  ConfigurationReloadFailed: cause(),
  Watchdog: cause(),
};
