// Draws every chart of the page. Colours that depend on light or dark come from the style sheet.
document.querySelectorAll("figure.chart").forEach((figure) => {
  const place = figure.querySelector(".drawing");
  const specification = JSON.parse(figure.querySelector("script").textContent);
  vegaEmbed(place, specification, { renderer: "svg", actions: false, tooltip: { theme: "custom" } })
    .then((result) => {
      // Printing changes the width of the page after the charts are drawn.
      place.querySelector("svg")?.setAttribute("role", "presentation");
      window.addEventListener("beforeprint", () => result.view.resize().runAsync());
    })
    .catch((error) => { place.textContent = "The chart could not be drawn: " + error.message; });
});
