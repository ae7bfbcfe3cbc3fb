// Keeps the page current: requests its main part again, and replaces it if it changed and no one is using it.
const live = document.getElementById("live");
if (live) {
  const url = new URL(location.href);
  url.searchParams.set("part", "1");
  let shown = null;
  const refresh = async () => {
    try {
      const response = await fetch(url, { headers: { accept: "text/html" } });
      const text = response.ok ? await response.text() : shown;
      const isUsed = live.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
      if (text !== shown && !isUsed) {
        if (shown !== null) live.innerHTML = text;
        shown = text;
      }
    } catch {
      // The runtime is away; the page stays as it was, and the next turn asks again.
    }
    setTimeout(refresh, document.hidden ? 10_000 : 1_000);
  };
  refresh();
}
