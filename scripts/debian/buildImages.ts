import { getContainerRuntimeClient } from "testcontainers";
import { step } from "../progress.ts";
import { SERVERS } from "../provision/images.ts";
import { buildImages } from "./images.ts";

/** `npm run images`: builds every image that Debian packages allow, for machines without a registry. */
const services = [...SERVERS, "node"] as const;
const client = await getContainerRuntimeClient();
await step(`Images of ${services.join(", ")} from Debian packages`, () => buildImages(client, services));
console.log("Use them with: docker compose --env-file .env --env-file .env.debian up --wait");
