// Keeps an open page current: hears of changes, and asks for the parts of the page again that are marked `data-live`.
// What somebody types, has ticked, has opened or is at stays. Without this script, a reload does it.
const topic = document.querySelector('meta[name="awaken-topic"]')?.content;
const root = new URL("..", import.meta.url).pathname;
const offline = document.querySelector("[data-offline]");
let stream = null;
let loading = null;
let again = false;

const showCounts = (facts) => {
  const shown = { waiting: `${facts.waiting}${facts.hasMore ? "+" : ""}`, in_trouble: `${facts.inTrouble}` };
  for (const badge of document.querySelectorAll("[data-count]")) {
    const number = shown[badge.dataset.count];
    badge.querySelector("[data-number]").textContent = number;
    badge.hidden = number === "0";
  }
};

const isTyping = (part) => {
  const at = document.activeElement;
  return part.contains(at) && at.matches("textarea, select, input:not([type=checkbox], [type=radio])");
};

// The same element in the new part: by its id, its address, or its name and value.
const counterpart = (part, element) => {
  const quote = CSS.escape;
  if (element.id) return part.querySelector(`#${quote(element.id)}`);
  if (element.matches("a[href]")) return part.querySelector(`a[href="${quote(element.getAttribute("href"))}"]`);
  if (element.name) {
    return part.querySelector(`[name="${quote(element.name)}"][value="${quote(element.value)}"]`);
  }
  return null;
};

// Says how many questions are ticked, and that some of them were answered by others in the meantime.
const countTicked = (gone = 0) => {
  const said = document.querySelector("[data-ticked]");
  if (!said) return;
  const ticked = document.querySelectorAll("input[type=checkbox][name=id]:checked").length;
  said.textContent = `${ticked ? `${ticked} ticked` : ""}${gone ? ` (${gone} no longer wait)` : ""}`;
};

const replace = (part, fresh) => {
  const ticked = [...part.querySelectorAll("input:checked")];
  const opened = [...part.querySelectorAll("details[open][id]")];
  const at = part.contains(document.activeElement) ? document.activeElement : null;
  part.replaceChildren(...fresh.childNodes);
  let gone = 0;
  for (const element of ticked) {
    const same = counterpart(part, element);
    if (same) same.checked = true;
    else gone += 1;
  }
  for (const element of opened) {
    const same = counterpart(part, element);
    if (same) same.open = true;
  }
  if (at) counterpart(part, at)?.focus({ preventScroll: true });
  countTicked(gone);
};

const load = async () => {
  const url = new URL(location.href);
  url.searchParams.set("part", "1");
  const response = await fetch(url, { headers: { accept: "text/html" } });
  if (!response.ok && response.status !== 409) return; // 409: somebody was first, and the page says who
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live][id]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh || isTyping(part) || fresh.innerHTML === part.dataset.shown) continue;
    const isFirst = part.dataset.shown === undefined;
    part.dataset.shown = fresh.innerHTML;
    // The page as it came may differ from what the parser makes of it by nothing but white space.
    if (!isFirst || fresh.textContent !== part.textContent) replace(part, fresh);
  }
};

// One request at a time; what changes meanwhile is asked for once more.
const refresh = () => {
  if (!topic) return;
  if (loading) {
    again = true;
    return;
  }
  loading = load()
    .catch(() => {}) // the server is away: the stream says so, and a later change asks again
    .finally(() => {
      loading = null;
      if (again) {
        again = false;
        refresh();
      }
    });
};

const listen = () => {
  if (stream || document.hidden) return;
  stream = new EventSource(`${root}events`);
  let isFirst = true;
  stream.addEventListener("changed", (event) => {
    const facts = JSON.parse(event.data);
    offline.hidden = true;
    showCounts(facts);
    // The first one comes with each connection: something may have changed before it.
    if (isFirst || facts.changed.includes(topic)) refresh();
    isFirst = false;
  });
  stream.addEventListener("error", () => {
    offline.hidden = false;
    if (stream?.readyState === EventSource.CLOSED) {
      // Refused, because too many pages are open, or because a proxy wants its user to log in again.
      stream = null;
      setTimeout(listen, 15_000);
    }
  });
};

// A browser has six connections to a server: pages that nobody sees leave theirs to others.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else {
    listen();
  }
});
document.addEventListener("change", () => countTicked());
countTicked();
listen();
setInterval(() => document.hidden || refresh(), 60_000); // ages grow without a change
