import axe from "axe-core";
import type { Page } from "playwright-core";

/** What axe-core cannot decide by itself: a rule, what prevents it, and the elements for which that is right. */
const UNDECIDED = [
  // A symbol with a label of its own.
  { rule: "color-contrast", because: "nonBmp", elements: "#theme" },
  { rule: "label-content-name-mismatch", because: "", elements: "#theme" },
  // Cut by the edge of what they scroll in; in full view they have the colours of those beside them.
  { rule: "color-contrast", because: "elmPartiallyObscured", elements: ".legend-item, .tab, .table td" },
];

/** What axe-core finds wrong with the accessibility of a page, or cannot decide: one line for each element. */
export async function violationsIn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // The size of targets belongs to WCAG 2.2, which axe-core checks on request only.
  return await page.evaluate(async (undecided) => {
    const { violations, incomplete } = await (globalThis as unknown as { axe: typeof axe }).axe.run({
      elementRef: true,
      rules: { "target-size": { enabled: true } },
    });
    const isAccepted = (rule: string, { element, any }: axe.NodeResult) =>
      undecided.some(
        (one) =>
          one.rule === rule &&
          any.every(({ data }) => (data?.messageKey ?? "") === one.because) &&
          (element as unknown as { matches(selector: string): boolean }).matches(one.elements),
      );
    return [
      ...violations.flatMap(({ id, nodes }) => nodes.map((node) => ({ id, node }))),
      ...incomplete.flatMap(({ id, nodes }) =>
        nodes.filter((node) => !isAccepted(id, node)).map((node) => ({ id: `${id}, undecided`, node })),
      ),
    ].map(({ id, node: { html, failureSummary } }) => `${id}: ${html} ${failureSummary}`);
  }, UNDECIDED);
}
