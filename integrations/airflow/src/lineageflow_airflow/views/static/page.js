// Light or dark as Airflow's page is, around this one; and links to the lake's page, which open beside Airflow.
const outer = (() => {
  try {
    return window.parent === window ? null : window.parent.document;
  } catch {
    return null;
  }
})();

function theme() {
  const dark = outer
    ? outer.documentElement.classList.contains("dark")
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

theme();
if (outer) {
  new MutationObserver(theme).observe(outer.documentElement, { attributeFilter: ["class"] });
}

// Airflow's frame lets nothing in it open a window: so a link of the page around does it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-elsewhere]");
  if (!link) return;
  event.preventDefault();
  const opener = (outer ?? document).createElement("a");
  opener.href = link.href;
  opener.target = "_blank";
  opener.rel = "noopener";
  opener.click();
});
