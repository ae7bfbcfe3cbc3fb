// A table or drawing that is wider than the page can be scrolled, with keys too; the head of any other table stays in
// sight. Which of the two one is changes with the width of the window.

const FRAMES = ".md-typeset__scrollwrap, .md-typeset p:has(> img[src*='.svg#only-'])";

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) fit(target.closest(FRAMES));
});

function fit(frame) {
  const isWide = frame.scrollWidth > frame.clientWidth;
  frame.toggleAttribute("data-wide", isWide);
  if (!isWide) {
    for (const name of ["tabindex", "role", "aria-label"]) frame.removeAttribute(name);
    return;
  }
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", nameOf(frame));
}

// Regions of a page have names of their own.
function nameOf(frame) {
  const frames = [...document.querySelectorAll(FRAMES)];
  const kind = frame.querySelector("table") ? "Table" : "Drawing";
  return `${kind}, ${frames.indexOf(frame) + 1} on this page, scrolls sideways`;
}

// The theme frames the tables of a page when it is shown, which is without a load after a click on a link.
document$.subscribe(() => {
  sizes.disconnect();
  for (const frame of document.querySelectorAll(FRAMES)) {
    for (const watched of [frame, ...frame.querySelectorAll("table, img")]) sizes.observe(watched);
  }
});
