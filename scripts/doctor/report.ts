import pc from "picocolors";
import type { Section } from "./examine.ts";
import type { Finding, Status } from "./finding.ts";

const COLOURS: Readonly<Record<Status, (text: string) => string>> = {
  ok: pc.green,
  warning: pc.yellow,
  problem: pc.red,
  skipped: pc.dim,
};
const WIDTH = "problem".length;

/** Every finding, in its section. */
export function findingsOf(sections: readonly Section[]): Finding[] {
  return sections.flatMap(({ findings }) => findings);
}

/** The report for a person: each finding, and what to do about it. */
export function asText(sections: readonly Section[]): string {
  const blocks = sections.map(({ title, findings }) => [pc.bold(title), ...findings.flatMap(linesOf)].join("\n"));
  return `${[...blocks, summary(findingsOf(sections))].join("\n\n")}\n`;
}

/** The report as JSON. */
export function asJson(sections: readonly Section[]): string {
  const findings = sections.flatMap(({ title, findings: own }) => own.map((finding) => ({ check: title, ...finding })));
  return `${JSON.stringify({ ok: isWell(sections), findings }, null, 2)}\n`;
}

/** True if no finding is a problem. */
export function isWell(sections: readonly Section[]): boolean {
  return findingsOf(sections).every(({ status }) => status !== "problem");
}

function linesOf({ status, subject, message, remedy }: Finding): string[] {
  const line = `  ${COLOURS[status](status.padEnd(WIDTH))}  ${subject}: ${message}`;
  return remedy === undefined ? [line] : [line, `  ${" ".repeat(WIDTH)}  ${pc.bold("do")} ${remedy}`];
}

function summary(findings: readonly Finding[]): string {
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const plural = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  return `${plural(problems, "problem")}, ${plural(warnings, "warning")}, ${count("ok")} ok, ${count("skipped")} skipped`;
}
