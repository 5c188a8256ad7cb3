"use strict";

// The grid over the map, and the choice of it in the panel.
const registryOverlay = (() => {
  const { element } = registryPopup;
  const root = document.documentElement;
  // What the buttons on the map cover.
  const COVERED = { left: 52, bottom: 44 };
  let chosen = "off";

  const kind = () => chosen;
  const choices = () => [["off", say("None")], ["degrees", say("Degrees")], ["mgrs", say("MGRS")]];

  function ground() {
    const style = getComputedStyle(root);
    return { paper: style.getPropertyValue("--paper").trim(), text: style.getPropertyValue("--accent").trim() };
  }

  function listen(map) {
    const canvas = new registryDraw.Canvas((ink, view) => {
      const seen = map.getPixelBounds(), size = map.getSize();
      const left = seen.min.x - registryDecode.HALF * view.scale + view.left;
      const top = seen.min.y - registryDecode.HALF * view.scale + view.top;
      const frame = { left: left + COVERED.left, top, right: left + size.x, bottom: top + size.y - COVERED.bottom };
      registryGraticule.paint(ink, view, chosen, frame, ["top", "right"], ground());
    }, { padding: 0.15, everyMove: true });
    const show = (wanted) => {
      chosen = wanted;
      registryControls.choose(choice, chosen);
      if (chosen === "off") canvas.remove();
      else if (!map.hasLayer(canvas)) canvas.addTo(map);
      else canvas.redraw();
    };
    const choice = registryControls.choice("grid", say("Grid"), choices(), chosen, show);
    (document.querySelector("[data-layer]")?.closest("section") ?? document.getElementById("panel")).append(choice);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => canvas.redraw());
    registryLink.add({
      name: "grid",
      state: () => (chosen === "off" ? null : chosen),
      apply: (text) => show(registryGraticule.KINDS.includes(text) ? text : "off"),
    });
  }

  return { kind, choices, ground, listen };
})();
