import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A word of the glossary's right column in CONTRIBUTING.md. */
type Term = {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Allowed uses, which are removed from the line first. */
  readonly except?: readonly { readonly pattern: RegExp; readonly why: string }[];
};

export type Finding = {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly instead: string;
};

/** The words that the glossary replaces. Each pattern is matched against one line. */
export const TERMS: readonly Term[] = [
  { pattern: /\btold\b/gi, instead: "notified, reported, answered or distinguished" },
  { pattern: /\bheard\b|\bhears? (of|from|that)\b/gi, instead: "receives, is notified of" },
  {
    pattern: /\b(nobody|somebody|anybody|whoever|whomever)\b/gi,
    instead: 'who acts: "no client", "an operator", "the caller"; or the passive voice',
    except: [
      {
        pattern: /USER nobody|nobody:nogroup|runs as nobody|(user|to|uid) `?nobody`?|"nobody"/,
        why: "a user of the operating system",
      },
    ],
  },
  { pattern: /\bheal(s|ed|ing)?\b/gi, instead: "recover, fix; remove a fault" },
  {
    pattern: /\bthe books\b|\bbooks\b|\bBooks\b/g,
    instead: "task accounting; write off lost tasks",
    except: [{ pattern: /\/admin\/books\/write-off/, why: "the path of an endpoint" }],
  },
  { pattern: /\bforeign\b/gi, instead: "unrelated key, out-of-band edits; of another program" },
  { pattern: /\b(at the )?doors?\b/gi, instead: "at submission; the entry point" },
  { pattern: /\bgraver\b/gi, instead: "higher-severity" },
  {
    pattern: /\bblind(ness)?\b/gi,
    instead: "scrape gap, without telemetry",
    except: [{ pattern: /colou?r[- ]blind(ness)?/i, why: "the medical term" }],
  },
  { pattern: /(?<!-)\bquiet\b/gi, instead: "idle, healthy" },
  { pattern: /\b(stand|step)s? back\b/gi, instead: "lower the priority" },
  { pattern: /\bguardian\b/gi, instead: "reaper" },
  { pattern: /\bhungry\b/gi, instead: "saturated" },
  { pattern: /\badopt(s|ed|ion)?\b/gi, instead: "claim" },
  { pattern: /\bsuspects?\b/gi, instead: "poison candidate" },
  { pattern: /\bstranded\b/gi, instead: "unowned" },
  { pattern: /\bparked\b/gi, instead: "deferred" },
  { pattern: /\bmended\b/gi, instead: "fixed" },
  { pattern: /\btime-outs?\b/gi, instead: "timeout" },
  { pattern: /\bfail-overs?\b/gi, instead: "failover" },
  { pattern: /\bback-offs?\b/gi, instead: "backoff" },
  { pattern: /\bsilence controls?\b/gi, instead: "healthy baseline" },
  { pattern: /\bwards?\b/gi, instead: "resource" },
  { pattern: /\b(stor(y|ies)|complain(s|ts?)?|rhythm|guilty|innocent)\b/gi, instead: "case, problem, timing" },
  { pattern: /\bEngineer\b/g, instead: "runbook runner" },
  { pattern: /\btells?\b/gi, instead: "reports, shows, notifies; distinguishes" },
  { pattern: /\bunasked\b/gi, instead: "unexpectedly" },
  { pattern: /\bin hand\b/gi, instead: "in flight" },
  { pattern: /\bhand(s|ed|ing)? (it |them )?(over|back)\b/gi, instead: "release entries; return a task to its queue" },
  { pattern: /\brecycl(e[sd]?|ing)\b/gi, instead: "kill and restart" },
  { pattern: /\bnamesakes?\b/gi, instead: "replica with the same name" },
  { pattern: /\bmend(s|ing)?\b/gi, instead: "fix" },
  { pattern: /\b(all is|is all|well) (well|again)\b/gi, instead: "nothing is wrong, healthy; works again" },
  { pattern: /\banew\b/gi, instead: "again" },
  { pattern: /\baltogether\b/gi, instead: "entirely, or nothing" },
  { pattern: /\bof late\b/gi, instead: "recently" },
  { pattern: /\bat the price of\b/gi, instead: "but; it costs" },
  { pattern: /\bheed(s|ed|ing)?\b/gi, instead: "respect" },
  { pattern: /\b(is|are|was|were) through with\b/gi, instead: "finishes, has finished" },
  { pattern: /\bslip of the (finger|pen|tongue)\b/gi, instead: "typo" },
  { pattern: /\bin the worst moment\b/gi, instead: "during the outage" },
  { pattern: /\b(beliefs?|believed)\b/gi, instead: "say what is known, and how" },
  { pattern: /\bcan(not)? be had\b/gi, instead: "is (not) available" },
  {
    pattern: /\bso long\b/gi,
    instead: "this long",
    except: [
      {
        pattern: /\bso long (as|that)\b|\b(take|last|wait|ran|run)s? so long that\b/i,
        why: "a plain degree or condition",
      },
    ],
  },
  {
    pattern: /\bno more\b/gi,
    instead: "no longer",
    except: [
      {
        pattern: /\bno more (than|bytes|work|episodes|should|is|tasks|entries)\b/i,
        why: "a quantity",
      },
    ],
  },
  {
    pattern: /\bis no (?!longer\b|more\b|such\b)[a-z]+/gi,
    instead: "is not a ...",
    except: [{ pattern: /\bthere is no [a-z]+/i, why: "says that something is absent" }],
  },
];

/** Files of text that people write and read, without data such as recordings and lock files. */
const FILES = [
  "*.md",
  "*.ts",
  "*.js",
  "*.mjs",
  "package.json",
  "*.service",
  "*.conf",
  ".env*",
  "*.lua",
  "*.sh",
  "*.tmpl",
  "*.yml",
  "*.yaml",
  "*.html",
  "*.css",
  "*Dockerfile",
  "*.svg",
];

/** These two files name the words. The glossary of CONTRIBUTING.md is left out below. */
const NAMES_THE_WORDS = new Set(["scripts/prose.ts", "scripts/prose.test.ts"]);

/** Text between these marks is not checked. */
const GLOSSARY = /<!-- glossary -->[\s\S]*?<!-- \/glossary -->/g;

/** Separates the words of an identifier. */
const inWords = (text: string) => text.replaceAll("_", " ").replace(/([a-z0-9])(?=[A-Z])/g, "$1 ");

/** @returns every use of a replaced word in a text or its identifiers, in the order of its lines */
export function findingsIn(file: string, text: string): Finding[] {
  const lines = text.replace(GLOSSARY, (part) => part.replace(/[^\n]/g, "")).split("\n");
  return lines.flatMap((content, at) =>
    TERMS.flatMap(({ pattern, instead, except = [] }) => {
      const rest = except.reduce(
        (left, exception) => left.replaceAll(new RegExp(exception.pattern, withGlobal(exception.pattern)), ""),
        inWords(content),
      );
      return [...rest.matchAll(pattern)].map(([word]) => ({ file, line: at + 1, word, instead }));
    }),
  );
}

function withGlobal({ flags }: RegExp): string {
  return flags.includes("g") ? flags : `${flags}g`;
}

/** The tracked or new files, except data and states of former releases. */
export function proseFiles(): string[] {
  return execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", ...FILES], { encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(file) && !NAMES_THE_WORDS.has(file))
    .filter((file) => !/(^|\/)(recordings|regressions|golden|fixtures)\//.test(file));
}

/** Most words of a page between two full stops, colons or semicolons. */
const LONGEST_CLAUSE = 30;

/** @returns every clause of a page that is too long; code, tables and comments are ignored */
export function longClausesIn(file: string, text: string): Finding[] {
  return paragraphsOf(text).flatMap(({ line, content }) =>
    content
      .split(/(?<=[.?!:;]["')]?)\s/)
      .map((clause) => clause.split(/\s+/).filter((word) => word !== ""))
      .filter((words) => words.length > LONGEST_CLAUSE)
      .map((words) => ({
        file,
        line,
        word: `${words.slice(0, 6).join(" ")} ...`,
        instead: `at most ${LONGEST_CLAUSE} words, not ${words.length}`,
      })),
  );
}

/** Paragraphs and list items, with their first lines. */
function paragraphsOf(text: string): { line: number; content: string }[] {
  const blank = (part: string) => part.replace(/[^\n]/g, "");
  const prose = text.replace(/^ *```[\s\S]*?^ *```$/gm, blank).replace(/<!--[\s\S]*?-->/g, blank);
  const paragraphs: { line: number; content: string }[] = [];
  let open = false;
  for (const [at, content] of prose.split("\n").entries()) {
    const apart = /^\s*$|^\s*\||^#/.test(content);
    const item = /^\s*([-*]|\d+\.)\s+(.*)$/.exec(content)?.[2];
    const last = paragraphs.at(-1);
    if (!apart && item === undefined && open && last !== undefined) last.content += ` ${content}`;
    else if (!apart) paragraphs.push({ line: at + 1, content: item ?? content });
    open = !apart;
  }
  return paragraphs;
}

if (import.meta.main) {
  const findings = proseFiles().flatMap((file) => {
    const text = readFileSync(file, "utf8");
    return [
      ...findingsIn(file, file),
      ...findingsIn(file, text),
      ...(file.endsWith(".md") ? longClausesIn(file, text) : []),
    ];
  });
  for (const { file, line, word, instead } of findings) console.error(`${file}:${line}: "${word}" - write: ${instead}`);
  if (findings.length > 0) {
    console.error(`${findings.length} places that the vocabulary of CONTRIBUTING.md asks to write otherwise`);
    process.exitCode = 1;
  }
}
