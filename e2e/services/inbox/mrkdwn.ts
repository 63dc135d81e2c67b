import { Html, html, link, time } from "./html.ts";

const MARKUP = /<!date\^(\d+)\^[^|>]*\|([^>]*)>|<(https?:[^|>]+)(?:\|([^>]*))?>|\*([^*\n]+)\*/g;

/** Text as Slack shows it: bold words, links, times in the reader's time zone, lines. */
export function mrkdwn(text: string): Html {
  const parts: (Html | string)[] = [];
  let end = 0;
  for (const match of text.matchAll(MARKUP)) {
    const [whole, seconds, , href, label, bold] = match;
    parts.push(plain(text.slice(end, match.index)));
    if (seconds !== undefined) parts.push(time(Number(seconds) * 1000));
    else if (href !== undefined) parts.push(link(href, label ?? href));
    else parts.push(html`<b>${plain(bold ?? "")}</b>`);
    end = match.index + whole.length;
  }
  return html`${[...parts, plain(text.slice(end))]}`;
}

/** Slack requires three characters to be escaped. */
function plain(text: string): Html {
  const read = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return new Html(html`${read}`.text.replaceAll("\n", "<br>"));
}
