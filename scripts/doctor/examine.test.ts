import { expect, test } from "vitest";
import { checkContext } from "./checks/testing.ts";
import { CHECKS, examine } from "./examine.ts";
import { asJson, asText, isWell } from "./report.ts";

const refused = async () => Promise.reject(new Error("connect ECONNREFUSED"));

test("a server that does not answer is one problem, and its checks are skipped", async () => {
  const sections = await examine(
    checkContext({ prometheus: { time: refused }, alertmanager: { status: refused, alerts: refused } }),
  );
  expect(sections[0]?.findings).toMatchObject([
    { status: "problem", subject: "prometheus", message: "does not answer: connect ECONNREFUSED" },
    { status: "problem", subject: "alertmanager" },
  ]);
  const skippedChecks = CHECKS.filter(({ asks }) => asks.includes("prometheus") || asks.includes("alertmanager"));
  expect(sections.filter(({ findings }) => findings[0]?.status === "skipped")).toHaveLength(skippedChecks.length);
  expect(isWell(sections)).toBe(false);
});

test("a failed check is reported, and the others continue", async () => {
  const sections = await examine(
    checkContext({ prometheus: { time: async () => 0 }, alertmanager: { status: refused, alerts: async () => [] } }),
  );
  expect(sections.find(({ title }) => title === "Rules")?.findings).toMatchObject([
    { status: "problem", message: expect.stringMatching(/^does not answer: .*ruleGroups/) },
  ]);
  expect(sections.at(-1)?.title).toBe("Links");
});

test("the report names each finding and what to do; JSON has the same", () => {
  const sections = [
    {
      title: "Targets",
      findings: [
        { status: "ok", subject: "job", message: "1 target" },
        { status: "problem", subject: "copies", message: "twice", remedy: "Set it." },
      ],
    },
  ] as const;
  expect(asText(sections)).toMatch(
    /Targets[\s\S]*ok.*job: 1 target\n.*problem.*copies: twice\n.*do.* Set it\.\n\n1 problem, 0 warnings, 1 ok, 0 skipped\n$/,
  );
  expect(JSON.parse(asJson(sections))).toEqual({
    ok: false,
    findings: sections[0].findings.map((finding) => ({ check: "Targets", ...finding })),
  });
});
