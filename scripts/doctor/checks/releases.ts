import { PRODUCTION, prometheusFlags } from "@mcp-orchestrator/alerts";
import { ALERTMANAGER_RELEASES, PROMETHEUS_RELEASES } from "@mcp-orchestrator/alerts/tools";
import { isSameDuration } from "../duration.ts";
import { type Finding, ok, problem, skipped, warning } from "../finding.ts";
import type { Check } from "./check.ts";

/** Major releases of Grafana that the dashboards support. */
const GRAFANA_MAJORS = [11, 13] as const;

/** Checks the releases of the servers, and Prometheus' flags for the timing. */
export const releases: Check = {
  title: "Servers",
  asks: ["prometheus", "alertmanager"],
  async examine({ prometheus, alertmanager, grafana }) {
    const { application, version } = await prometheus.build();
    const { version: alertmanagerVersion } = await alertmanager.status();
    return [
      application === "Prometheus" && !version.startsWith("0.")
        ? releaseFinding("Prometheus", version, PROMETHEUS_RELEASES)
        : ok("Prometheus", `${application} ${version} answers in its place`),
      releaseFinding("Alertmanager", alertmanagerVersion, ALERTMANAGER_RELEASES),
      ...(grafana === undefined ? [] : [grafanaFinding(await grafana.version())]),
      ...flagFindings(await prometheus.flags()),
    ];
  },
};

/** @param tested the tested releases, the oldest first */
function releaseFinding(server: string, version: string, tested: readonly string[]): Finding {
  const [oldest = ""] = tested;
  const tests = `tests run on ${tested.join(" and ")}`;
  if (isAtLeast(version, oldest)) return ok(server, `${version}; ${tests}`);
  return problem(
    server,
    `${version} is older than ${oldest}; ${tests}`,
    `Upgrade ${server}: it lacks something that the generated files use.`,
  );
}

function grafanaFinding(version: string): Finding {
  const major = Number.parseInt(version, 10);
  const [first, last] = GRAFANA_MAJORS;
  if (Number.isNaN(major)) return skipped("Grafana", "this user may not read its version");
  if (major >= first && major <= last) return ok("Grafana", version);
  return warning("Grafana", `${version}; the dashboards support ${first} to ${last}`, "Look at each dashboard once.");
}

function flagFindings(flags: Readonly<Record<string, string>> | undefined): Finding[] {
  if (flags === undefined) return [skipped("flags", "this server has no flags of Prometheus")];
  const different = prometheusFlags(PRODUCTION).filter((flag) => {
    const [name = "", wanted = ""] = flag.slice(2).split("=");
    return !isSameDuration(flags[name] ?? "", wanted);
  });
  if (different.length === 0) return [ok("flags", "those that the rules were tested with")];
  return [
    warning(
      "flags",
      `different from those that the rules were tested with: ${different.map((flag) => `--${nameOf(flag)}=${flags[nameOf(flag)]}`).join(" ")}`,
      `Start Prometheus with ${different.join(" ")}. With the default grace period an alert whose \`for\` is under 10m ` +
        "starts again when Prometheus restarts in the middle of an incident.",
    ),
  ];
}

const nameOf = (flag: string) => flag.slice(2).split("=")[0] ?? "";

function isAtLeast(version: string, oldest: string): boolean {
  const parts = (text: string) => text.split(".").map((part) => Number.parseInt(part, 10));
  const [major = 0, minor = 0] = parts(version);
  const [oldestMajor = 0, oldestMinor = 0] = parts(oldest);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
