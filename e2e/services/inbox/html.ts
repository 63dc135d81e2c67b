/** HTML that is safe to insert into a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | readonly (Html | string)[];

/** A template that escapes its values, unless they are HTML themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.reduce((text, literal, index) => `${text}${partText(values[index - 1])}${literal}`));
}

function partText(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(partText).join("");
  return escapeHtml(String(part));
}

/** A text with its markup escaped. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** A time; the page shows it in the reader's time zone. */
export function time(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace("T", " ")} UTC</time>`;
}

/** A link that opens a new tab; only the text if its address is not http(s). */
export function link(href: string, text: string, className = ""): Html {
  if (!/^https?:\/\//.test(href)) return html`${text}`;
  return html`<a class="${className}" href="${href}" target="_blank" rel="noreferrer">${text}</a>`;
}
