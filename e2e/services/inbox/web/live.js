// Without this, the page shows the messages at the time of the request, in UTC.

const messages = document.querySelector("#messages");
const heartbeat = document.querySelector("#heartbeat");
const AGE_EVERY_MS = 1_000;
/** A heartbeat that is late by three intervals is missing. */
const LATE_AFTER = 3;
const LEAST_EVERY_MS = 1_000;
/** The update in progress. */
let updating = Promise.resolve();

localTimes(document);
for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    await copy(button.parentElement.querySelector("code"));
    button.textContent = "Copied";
  });
}

if (messages !== null) {
  const events = new EventSource("/events");
  // Also after a lost connection.
  events.onopen = update;
  events.onmessage = update;
  setInterval(showAge, AGE_EVERY_MS);
  showAge();
}

/** Without TLS, browsers have a clipboard on localhost only; the selection can be copied everywhere. */
async function copy(code) {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(code.textContent);
  getSelection().selectAllChildren(code);
  return document.execCommand("copy");
}

/** One update after the other: two at once would add the same messages. */
function update() {
  updating = updating.then(addNew, addNew);
}

/** Adds new messages on top; opened ones stay open. */
async function addNew() {
  const { last, html, heartbeat: beat } = await (await fetch(`/messages?since=${messages.dataset.last}`)).json();
  heartbeat.innerHTML = beat;
  showAge();
  if (last < Number(messages.dataset.last)) location.reload();
  messages.dataset.last = String(last);
  if (html === "") return;
  const added = document.createElement("template");
  added.innerHTML = html;
  localTimes(added.content);
  messages.prepend(added.content);
}

function localTimes(root) {
  for (const element of root.querySelectorAll("time")) {
    const at = new Date(element.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    element.title = element.dateTime;
    element.textContent = today ? at.toLocaleTimeString() : at.toLocaleString();
  }
}

function showAge() {
  const beat = heartbeat.querySelector(".beat[data-at]");
  if (beat === null) return;
  const ageMs = Math.max(0, Date.now() - Number(beat.dataset.at));
  const everyMs = Math.max(Number(beat.dataset.every), LEAST_EVERY_MS);
  const late = beat.dataset.every !== "" && ageMs > LATE_AFTER * everyMs;
  beat.classList.toggle("late", late);
  const age = heartbeat.querySelector(".age");
  age.textContent = `${duration(ageMs)} ago${late ? ": late" : ""}`;
}

function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
