"use strict";

// What the web map and the public map have in common: the empty map, the panel beside it, popups, opening the data.
const registryFrame = (() => {
  const UNPACKING = say("This browser cannot unpack the map. Open the file with a newer one: Chrome or Edge 86, Firefox 113, Safari 16.4 or later.");
  const DAMAGED = say("The data in this file are damaged, so the map is not drawn. Get the file again from whoever sent it.");
  const root = document.documentElement;
  const narrow = window.matchMedia("(max-width: 720px)");

  const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();

  // A map that shows everything: `padding` pixels around the bounds, coming no closer than `fitZoom` by itself.
  function create(id, { bounds, padding, fitZoom, maxZoom }) {
    const map = L.map(id, { attributionControl: false, zoomControl: false, zoomSnap: 0.25, wheelPxPerZoomLevel: 120, maxZoom });
    const fit = () => map.fitBounds(bounds, { padding, maxZoom: fitZoom });
    L.control.zoom({ zoomInTitle: say("Zoom in"), zoomOutTitle: say("Zoom out") }).addTo(map);
    L.control.attribution({ prefix: "Leaflet" }).addTo(map);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    registryControls.button(map, "everything", say("Show everything"), fit);
    if (narrow.matches) root.classList.add("panel-closed");
    map.invalidateSize();
    fit();
    return map;
  }

  // A popup that leaves some of the map to be seen.
  function popup(map) {
    const { x, y } = map.getSize();
    return L.popup({ minWidth: Math.min(260, x - 60), maxWidth: Math.min(360, x - 60), maxHeight: Math.min(460, Math.round(y * 0.62)) });
  }

  function listenForPanel(map) {
    const opener = document.getElementById("panel-button");
    const tell = () => opener.setAttribute("aria-expanded", String(!root.classList.contains("panel-closed")));
    opener.addEventListener("click", () => {
      root.classList.toggle("panel-closed");
      tell();
      map.invalidateSize();
    });
    tell();
  }

  // On a phone the panel covers the map.
  function leavePanel() {
    if (narrow.matches && !root.classList.contains("panel-closed")) document.getElementById("panel-button").click();
  }

  function sayTrouble(text) {
    const box = document.getElementById("trouble");
    box.textContent = text;
    box.hidden = false;
  }

  // Opens the data and begins; `act` is what a click or Enter does at a place.
  async function start(map, open, begin, act) {
    listenForPanel(map);
    if (!("DecompressionStream" in window)) {
      sayTrouble(UNPACKING);
      return;
    }
    try {
      await open();
    } catch (error) {
      sayTrouble(DAMAGED);
      throw error;
    }
    begin();
    map.on("click", ({ latlng }) => act(latlng));
    registryControls.listenForKeyboard(map, act);
    registryControls.listenForPopups(map);
    // The canvas is on the screen in the next frame; ready is the one after it.
    requestAnimationFrame(() => requestAnimationFrame(() => root.setAttribute("data-ready", "")));
  }

  return { colour, create, popup, leavePanel, start };
})();
