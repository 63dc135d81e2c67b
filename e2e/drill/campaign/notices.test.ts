import { expect, test } from "vitest";
import type { Notification } from "../../services/inbox/notification.ts";
import { noticesOf, typesIn } from "./notices.ts";

const slack = (text: string): Notification => ({
  ...{ seq: 1, receivedAtMs: 5, receiver: "slack-warnings", kind: "slack", status: "firing" },
  alertname: "HighConsumerLag",
  summary: "[FIRING] HighConsumerLag",
  body: { attachments: [{ title: "[FIRING] HighConsumerLag", text }] },
});

test("a type is named as a word, and not in a link", () => {
  expect(typesIn("Consumers of mcp:queue:ml:express are behind")).toEqual(["ml"]);
  expect(typesIn("see https://example.org/ml/reasoning.html and index.html")).toEqual([]);
  expect(typesIn("No worker of type reasoning, and of codegen")).toEqual(["reasoning", "codegen"]);
});

test("a resolved alert in a message is not what the message is about", () => {
  const [notice] = noticesOf([slack("*ml tasks are slow*\n\nResolved:\n\n*codegen tasks are slow*")]);
  expect(notice).toEqual({
    alert: "HighConsumerLag",
    receiver: "slack-warnings",
    status: "firing",
    receivedAtMs: 5,
    types: ["ml"],
    pages: false,
  });
});

test("the details of a page are read, and the dead man's switch is left out", () => {
  const page: Notification = {
    ...slack(""),
    ...{ kind: "pagerduty", receiver: "pagerduty", summary: "NoActiveWorkers: down" },
    body: { payload: { custom_details: { firing: "* No worker of type ml" } } },
  };
  const heartbeat: Notification = {
    ...slack(""),
    receiver: "deadman",
    kind: "webhook",
    alertname: "Watchdog",
    body: {},
  };
  expect(noticesOf([page, heartbeat])).toMatchObject([{ types: ["ml"], pages: true }]);
});
