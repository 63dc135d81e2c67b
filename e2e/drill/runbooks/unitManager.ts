import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Stoppable } from "../faults/index.ts";

/** The unit that the runbooks start and restart. */
const UNIT = "mcp-orchestrator";

const SYSTEMCTL = `#!/bin/sh
# Stands in for systemd's systemctl: the drill itself is the service manager here.
exec curl --silent --show-error --fail --max-time 60 --request POST --unix-socket "$UNIT_SOCKET" "http://units/$2/$1"
`;

/** The drill as the manager of the service's unit: a `systemctl` for the PATH of the runbooks. */
export type UnitManager = AsyncDisposable & {
  /** Folder of the command. */
  readonly bin: string;
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Starts it.
 *
 * @param folder for the command and the socket
 */
export async function startUnitManager(folder: string, service: Stoppable): Promise<UnitManager> {
  const socket = join(folder, "units.sock");
  const command = join(folder, "systemctl");
  await writeFile(command, SYSTEMCTL);
  await chmod(command, 0o755);
  const verbs: Readonly<Record<string, () => Promise<void>>> = {
    start: () => service.start(),
    stop: () => service.stop(),
  };
  const server = createServer((request, response) => {
    const [, unit, verb = ""] = (request.url ?? "").split("/");
    const act = unit === UNIT ? verbs[verb] : undefined;
    if (act === undefined) response.writeHead(404).end();
    else {
      act().then(
        () => response.writeHead(204).end(),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(socket, resolve);
  await promise;
  return {
    bin: folder,
    environment: { UNIT_SOCKET: socket },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
