import type { Notice, Notification, Rejection } from "./notification.ts";

/** Most messages; the oldest are dropped. With the server's body limit this bounds the memory. */
const LIMITS = { notifications: 5_000, rejections: 200 } as const;

/** The awaited message did not arrive in time; says what did. */
class NotificationTimeoutError extends Error {
  readonly code = "NOTIFICATION_TIMEOUT";
  readonly subject: string;

  constructor(what: string, timeoutMs: number, seen: readonly Notification[]) {
    const lines = seen.slice(-20).map((item) => `  #${item.seq} ${item.receiver} ${item.status}: ${item.summary}`);
    super(`No ${what} arrived within ${timeoutMs} ms. Last arrivals:\n${lines.join("\n") || "  none"}`);
    this.name = "NotificationTimeoutError";
    this.subject = what;
  }
}

/** The messages in order, and who waits for more. */
export class NotificationStore {
  readonly #now: () => number;
  readonly #listeners = new Set<(item: Notification) => void>();
  #notifications: Notification[] = [];
  #rejections: Rejection[] = [];
  #seq = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Keeps a message and notifies the listeners. */
  add(notice: Notice): Notification {
    this.#seq += 1;
    const item = { ...notice, seq: this.#seq, receivedAtMs: this.#now() };
    this.#notifications.push(item);
    if (this.#notifications.length > LIMITS.notifications) this.#notifications.shift();
    for (const listener of [...this.#listeners]) listener(item);
    return item;
  }

  reject(path: string, problems: readonly string[], body: unknown): void {
    this.#rejections.push({ receivedAtMs: this.#now(), path, problems, body });
    if (this.#rejections.length > LIMITS.rejections) this.#rejections.shift();
  }

  /** Kept notifications with a `seq` greater than `since`, oldest first. */
  list(since = 0): readonly Notification[] {
    return this.#notifications.filter((item) => item.seq > since);
  }

  rejected(): readonly Rejection[] {
    return [...this.#rejections];
  }

  /** The highest `seq` so far; 0 without messages. */
  get lastSeq(): number {
    return this.#seq;
  }

  /** Drops all messages; `seq` continues. */
  clear(): void {
    this.#notifications = [];
    this.#rejections = [];
  }

  /** Calls back for each new message until the returned function is called. */
  listen(listener: (item: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The first message that fits, past or future.
   *
   * @throws {NotificationTimeoutError}
   */
  waitFor(
    predicate: (item: Notification) => boolean,
    { timeoutMs, what = "notification", since = 0 }: { timeoutMs: number; what?: string; since?: number },
  ): Promise<Notification> {
    const present = this.list(since).find(predicate);
    if (present !== undefined) return Promise.resolve(present);
    return new Promise((resolve, reject) => {
      const stop = this.listen((item) => {
        if (!predicate(item)) return;
        stop();
        clearTimeout(timer);
        resolve(item);
      });
      const timer = setTimeout(() => {
        stop();
        reject(new NotificationTimeoutError(what, timeoutMs, this.list(since)));
      }, timeoutMs);
    });
  }
}
