import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { type ContainerRuntimeClient, ImageName } from "testcontainers";
import type { Program } from "../../testkit/servers/runtime.ts";

const ENV_FILE = fileURLToPath(new URL("../../../.env", import.meta.url));

/** An image as published, and as built from Debian packages where no registry answers. */
export type ImageChoice = { readonly published: string; readonly local: string };

/** The images of a service in `.env`. */
export function pinnedImages(service: Program | "node" | "grafana"): ImageChoice {
  const pinned = parseEnv(readFileSync(ENV_FILE, "utf8"));
  const key = `${service.toUpperCase()}_IMAGE`;
  const published = pinned[key];
  if (published === undefined) throw new Error(`.env pins no ${key}`);
  return { published, local: pinned[`${key}_LOCAL`] ?? published };
}

/** The image to use: the published one if present, else the local one if present, else the published one is pulled. */
export async function chooseImage(client: ContainerRuntimeClient, service: Program | "node"): Promise<string> {
  const { published, local } = pinnedImages(service);
  for (const image of [published, local]) {
    if (await client.image.exists(ImageName.fromString(image))) return image;
  }
  return published;
}
