// Draws every chart of the page. Colours that depend on light or dark come from the style sheet.
document.querySelectorAll("figure.chart").forEach((figure) => {
  const place = figure.querySelector(".drawing");
  const specification = JSON.parse(figure.querySelector("script").textContent);
  if (specification.facet) {
    // Small charts side by side, as many as the page is wide enough for.
    const columns = Math.max(1, Math.min(specification.facet.sort.length, Math.floor(place.clientWidth / 260)));
    specification.columns = columns;
    specification.spec.width = Math.min(480, Math.floor((place.clientWidth - 70) / columns) - 24);
  }
  vegaEmbed(place, specification, { renderer: "svg", actions: false })
    .catch((error) => { place.textContent = "The chart could not be drawn: " + error.message; });
});
