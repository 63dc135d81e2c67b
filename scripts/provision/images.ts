import { type ContainerRuntimeClient, ImageName } from "testcontainers";
import { pinnedImages } from "../../e2e/stack/runtime/images.ts";

export const SERVERS = ["redis", "prometheus", "alertmanager"] as const;
export type Service = (typeof SERVERS)[number] | "node";
type Published = Service | "grafana";

const PROBE_TIMEOUT_MS = 5_000;

/** The images could be neither pulled nor built. */
export class ImagesError extends Error {
  readonly code = "NO_IMAGES";
  readonly subject: string;

  constructor(services: readonly Published[], reason: string) {
    super(`No images of ${services.join(", ")}: ${reason}`);
    this.name = "ImagesError";
    this.subject = services.join(",");
  }
}

/** The services without a published or local image on this machine. */
export async function missingImages<S extends Published>(
  client: ContainerRuntimeClient,
  services: readonly S[],
): Promise<S[]> {
  const missing: S[] = [];
  for (const service of services) {
    const { published, local } = pinnedImages(service);
    if (!((await imageExists(client, published)) || (await imageExists(client, local)))) missing.push(service);
  }
  return missing;
}

/**
 * Pulls the published images.
 *
 * @throws ImagesError if the registry does not answer or lacks them
 */
export async function pullImages(client: ContainerRuntimeClient, services: readonly Published[]): Promise<void> {
  if (services.length === 0) return;
  if (!(await registryAnswers(client))) throw new ImagesError(services, "no registry can be reached");
  try {
    const images = services.map((service) => ImageName.fromString(pinnedImages(service).published));
    await Promise.all(images.map((image) => client.image.pull(image)));
  } catch (error) {
    throw new ImagesError(services, error instanceof Error ? error.message : String(error));
  }
  // Testcontainers takes the end of the download for its success.
  const missing = await missingImages(client, services);
  if (missing.length > 0) throw new ImagesError(missing, "the registry answered, but did not give them");
}

/** Whether the engine has an image. */
export function imageExists(client: ContainerRuntimeClient, image: string): Promise<boolean> {
  return client.image.exists(ImageName.fromString(image));
}

/** Whether the registry from which the engine pulls can be reached. */
async function registryAnswers(client: ContainerRuntimeClient): Promise<boolean> {
  try {
    const { IndexServerAddress: registry } = (await client.container.dockerode.info()) as {
      IndexServerAddress: string;
    };
    // 401 means that the registry answers and asks for a token.
    const response = await fetch(new URL("/v2/", registry), { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return response.status === 401 || response.ok;
  } catch {
    return false;
  }
}
