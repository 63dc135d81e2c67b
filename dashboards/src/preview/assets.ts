import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";
import { transformSync } from "amaro";

/** Content of a file with its media type. */
export type Asset = { readonly body: string; readonly contentType: string };

const WEB_FOLDER = join(import.meta.dirname, "web");
const UPLOT_FOLDER = dirname(createRequire(import.meta.url).resolve("uplot"));
/** The files of the charting library that the page loads. */
const VENDOR_FILES: readonly string[] = ["uPlot.esm.js", "uPlot.min.css"];

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".ts": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Files that were read; an installation does not change while it runs. */
const cache = new Map<string, Asset>();

/** A file of the page, TypeScript without its types. Undefined if the name is unknown. */
export async function pageAsset(path: string): Promise<Asset | undefined> {
  const asset = cache.get(path) ?? (await loadPageAsset(path));
  if (asset !== undefined) cache.set(path, asset);
  return asset;
}

async function loadPageAsset(path: string): Promise<Asset | undefined> {
  const safe = normalize(path);
  const contentType = CONTENT_TYPES[extname(safe)];
  if (safe.startsWith("..") || safe.endsWith(".test.ts") || contentType === undefined) return undefined;
  const source = await read(join(WEB_FOLDER, safe));
  if (source === undefined) return undefined;
  return { body: safe.endsWith(".ts") ? transformSync(source, { mode: "strip-only" }).code : source, contentType };
}

/** A file of the charting library. */
export async function vendorAsset(name: string): Promise<Asset | undefined> {
  const contentType = CONTENT_TYPES[extname(name)];
  if (!VENDOR_FILES.includes(name) || contentType === undefined) return undefined;
  const body = await read(join(UPLOT_FOLDER, name));
  return body === undefined ? undefined : { body, contentType };
}

/** The content policy: the page's own files and its one inline script. */
export function contentSecurityPolicy(html: string): string {
  const inline = /<script type="importmap">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(inline).digest("base64");
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    // Charts use style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
