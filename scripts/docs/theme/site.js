// A table that is wider than the page can be scrolled, with keys too; the head of any other stays in sight. Which of the
// two a table is changes with the width of the window.

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) fit(target.closest(".md-typeset__scrollwrap"));
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
  const frames = [...document.querySelectorAll(".md-typeset__scrollwrap")];
  return `Table ${frames.indexOf(frame) + 1}, scrolls sideways`;
}

// The theme frames the tables of a page when it is shown, which is without a load after a click on a link.
document$.subscribe(() => {
  sizes.disconnect();
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap")) {
    sizes.observe(frame);
    sizes.observe(frame.querySelector("table"));
  }
});
