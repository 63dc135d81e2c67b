import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A word of the glossary's left column in CONTRIBUTING.md. */
type Term = {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Uses that stay: what is matched here is taken out of the line first. */
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
  {
    pattern: /\bhears? (of|from|that)\b/gi,
    instead: "receives, is notified of",
  },
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
  { pattern: /\bforeign (key|hand)s?\b/gi, instead: "unrelated key, out-of-band edits" },
  { pattern: /\b(at the|a|the) (thin )?door\b/gi, instead: "at submission; the entry point" },
  { pattern: /\bgraver\b/gi, instead: "higher-severity" },
  {
    pattern: /\bblind(ness)?\b/gi,
    instead: "scrape gap, without telemetry",
    except: [{ pattern: /colou?r[- ]blind(ness)?/i, why: "the medical term" }],
  },
  { pattern: /\b(stand|step)s? back\b/gi, instead: "lower the priority" },
  { pattern: /\bguardian\b/gi, instead: "reaper" },
  { pattern: /\bhungry\b/gi, instead: "saturated" },
  { pattern: /\badopt(s|ed|ion)?\b/gi, instead: "claim" },
  { pattern: /\bsuspects?\b/gi, instead: "poison candidate" },
  { pattern: /\bstranded\b/gi, instead: "unowned" },
  { pattern: /\bparked\b/gi, instead: "deferred" },
  { pattern: /\bmended\b/gi, instead: "fixed" },
  { pattern: /\bunasked\b/gi, instead: "unexpectedly" },
  { pattern: /\bin hand\b/gi, instead: "in flight" },
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

/** Text that a person writes and a person reads. Generated files follow from it; recordings and lock files are data. */
const FILES = [
  "*.md",
  "*.ts",
  "*.mjs",
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

/** This file and its test name the words; CONTRIBUTING.md has them in its glossary, which is left out below. */
const NAMES_THE_WORDS = new Set(["scripts/prose.ts", "scripts/prose.test.ts"]);

/** Lines between these marks are not looked at. */
const GLOSSARY = /<!-- glossary -->[\s\S]*?<!-- \/glossary -->/g;

/** @returns every use of a replaced word in a text, in the order of its lines */
export function findingsIn(file: string, text: string): Finding[] {
  const lines = text.replace(GLOSSARY, (part) => part.replace(/[^\n]/g, "")).split("\n");
  return lines.flatMap((content, at) =>
    TERMS.flatMap(({ pattern, instead, except = [] }) => {
      const rest = except.reduce(
        (left, exception) => left.replaceAll(new RegExp(exception.pattern, withGlobal(exception.pattern)), ""),
        content,
      );
      return [...rest.matchAll(pattern)].map(([word]) => ({ file, line: at + 1, word, instead }));
    }),
  );
}

function withGlobal({ flags }: RegExp): string {
  return flags.includes("g") ? flags : `${flags}g`;
}

/** The files that git knows or would add, without those that no person writes and those that keep a former state. */
export function proseFiles(): string[] {
  return execFileSync("git", ["ls-files", "-co", "--exclude-standard", "--", ...FILES], { encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(file) && !NAMES_THE_WORDS.has(file))
    .filter((file) => !/(^|\/)(recordings|regressions|golden|fixtures)\//.test(file));
}

if (import.meta.main) {
  const findings = proseFiles().flatMap((file) => findingsIn(file, readFileSync(file, "utf8")));
  for (const { file, line, word, instead } of findings) console.error(`${file}:${line}: "${word}" - write: ${instead}`);
  if (findings.length > 0) {
    console.error(`${findings.length} words outside the glossary of CONTRIBUTING.md`);
    process.exitCode = 1;
  }
}
