import { h } from "../dom.ts";

const MARKUP = /\*\*(.+?)\*\*|\[(.+?)\]\((\S+?)\)/g;

/** A panel's description as elements. Its Markdown has paragraphs, bold words and links only. */
export function description(markdown: string): HTMLElement[] {
  return markdown.split("\n\n").map((paragraph) => h("p", {}, ...inline(paragraph)));
}

function inline(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    const [whole, bold, label, href] = match;
    parts.push(text.slice(end, match.index));
    if (bold !== undefined) parts.push(h("b", {}, bold));
    else parts.push(link(label ?? "", href ?? ""));
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

function link(label: string, href: string): HTMLElement | string {
  return /^https?:\/\//.test(href) ? h("a", { href, target: "_blank", rel: "noreferrer" }, label) : label;
}
