// Shows values in place when their row is opened. Without this script, the links lead to a page of each.
const shown = new Map();

const show = async (link) => {
  const address = link.dataset.value;
  if (!shown.has(address)) {
    const response = await fetch(`${address}?part=1`, { headers: { accept: "text/html" } });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const value = page.querySelector(".shown");
    if (!value) return;
    shown.set(address, value.innerHTML);
  }
  if (link.nextElementSibling?.matches(".shown")) return;
  const place = document.createElement("div");
  place.className = "shown";
  place.innerHTML = shown.get(address);
  link.after(place);
};

const showAll = (details) => {
  for (const link of details.querySelectorAll("[data-value]")) show(link).catch(() => {});
};

document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.open) showAll(event.target);
  },
  true,
);
// What is replaced by news was open before.
document.addEventListener("awaken:replaced", (event) => {
  for (const details of event.target.querySelectorAll("details[open]")) showAll(details);
});
