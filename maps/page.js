"use strict";

// Draws the layers and builds popups and tooltips. Everything that came from a file is put into the page as text
// (textContent), never as markup.
const registryMap = (() => {
  const DEGREES_PER_UNIT = 1e-6;
  const SECTIONS = {
    compared: "Comparison",
    recorded: "As recorded",
    source: "Other columns of the source",
    provenance: "Where it comes from",
  };
  const root = document.documentElement;
  const narrow = window.matchMedia("(max-width: 720px)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const layers = new Map();
  let looks = {};
  let invalidDash = "";
  let selected = null;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) {
      made.textContent = text;
      made.dir = "auto";
    }
    return made;
  }

  // Geometry: one stream of differences, cut into rings, parts and features by their sizes.
  function decode({ steps, features, parts, rings }) {
    let x = 0, y = 0, step = 0, part = 0, ring = 0;
    const times = (count, make) => Array.from({ length: count }, make);
    const vertex = () => {
      x += steps[step++];
      y += steps[step++];
      return [y * DEGREES_PER_UNIT, x * DEGREES_PER_UNIT];
    };
    const polygon = () => times(parts[part++], () => times(rings[ring++], vertex));
    return features.map((count) => times(count, parts ? polygon : vertex));
  }

  const SHAPES = {
    circle: (path, x, y, r) => path.arc(x, y, r, 0, 2 * Math.PI),
    diamond: (path, x, y, r) => outline(path, [[x, y - r * 1.25], [x + r * 1.25, y], [x, y + r * 1.25], [x - r * 1.25, y]]),
    triangle: (path, x, y, r) => outline(path, [[x, y - r * 1.2], [x + r * 1.15, y + r * 0.9], [x - r * 1.15, y + r * 0.9]]),
    square: (path, x, y, r) => path.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8),
    cross: (path, x, y, r) => {
      path.moveTo(x - r, y - r);
      path.lineTo(x + r, y + r);
      path.moveTo(x + r, y - r);
      path.lineTo(x - r, y + r);
    },
  };

  function outline(path, corners) {
    corners.forEach(([x, y], corner) => (corner ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }

  // A point mark whose shape says its class, on Leaflet's canvas.
  const Mark = L.CircleMarker.extend({
    _updatePath() {
      const canvas = this._renderer;
      if (!canvas._drawing || this._empty()) return;
      canvas._ctx.beginPath();
      SHAPES[this.options.shape](canvas._ctx, this._point.x, this._point.y, this._radius);
      canvas._fillStroke(canvas._ctx, this);
    },
  });

  function colour(name) {
    return getComputedStyle(root).getPropertyValue("--" + name).trim();
  }

  function lookOf(block, row) {
    return block.classes ? block.classes[row] : block.look;
  }

  function areaStyle(look, ink, paper) {
    const line = { color: ink, weight: look.weight, opacity: 0.95, dashArray: look.dash || null };
    if (look.ground && !root.hasAttribute("data-base-map")) return { ...line, fill: true, fillColor: paper, fillOpacity: 0.7 };
    return { ...line, fill: look.fill_opacity > 0, fillColor: ink, fillOpacity: look.fill_opacity };
  }

  function markStyle({ shape, hollow }, ink, paper) {
    if (shape === "cross") return { shape, color: ink, weight: 2, opacity: 1, fill: false };
    if (hollow) return { shape, color: ink, weight: 1.8, opacity: 1, fill: true, fillColor: paper, fillOpacity: 0.7 };
    return { shape, color: paper, weight: 0.9, opacity: 0.95, fill: true, fillColor: ink, fillOpacity: 1 };
  }

  // The style of each look, and of invalid records in it; made once and again when the colours change.
  function styles(block) {
    const paper = colour("paper");
    const made = {};
    for (const name of new Set(block.classes ?? [block.look])) {
      const look = looks[name];
      const ink = colour(name);
      made[name] = block.geometry.parts ? areaStyle(look, ink, paper) : markStyle(look, ink, paper);
      made[name].invalid = { ...made[name], dashArray: invalidDash, fillOpacity: 0.06 };
    }
    return made;
  }

  function styleOf(feature) {
    const { group, row } = feature;
    const style = group.styles[lookOf(group.block, row)];
    return group.invalid.has(row) ? style.invalid : style;
  }

  function radius(zoom) {
    return zoom < 8 ? 3 : zoom < 10 ? 3.5 : zoom < 12 ? 4.5 : zoom < 14 ? 5.5 : 7;
  }

  function restyle() {
    for (const group of layers.values()) {
      group.styles = styles(group.block);
      group.eachLayer((feature) => feature.setStyle(styleOf(feature)));
    }
  }

  function layer(name) {
    const block = JSON.parse(document.getElementById(name + "_data").textContent);
    const group = L.featureGroup();
    Object.assign(group, { block, invalid: new Set(block.invalid), styles: styles(block) });
    const add = (feature, row) => {
      Object.assign(feature, { group, row });
      feature.setStyle(styleOf(feature));
      group.addLayer(feature);
    };
    decode(block.geometry).forEach((shape, row) => {
      if (block.geometry.parts) add(L.polygon(shape), row);
      else shape.forEach((position) => add(new Mark(position, { radius: 4 }), row));
    });
    if (window.matchMedia("(hover: hover)").matches) {
      group.bindTooltip((feature) => element("span", "", nameOf(feature)), { sticky: true, opacity: 1 });
    }
    layers.set(name, group);
    return group;
  }

  function nameOf({ group: { block }, row }) {
    const label = block.labels?.[row] ?? block.ids[row] ?? "without number";
    return block.classes ? `${block.name} ${label}: ${looks[block.classes[row]].label}` : `${block.name} ${label}`;
  }

  function valueOf(column, row) {
    return column.values ? column.values[row] : column.words[column.rows[row]];
  }

  function addRow(list, label, text) {
    const row = element("div");
    row.append(element("dt", "", label), element("dd", "", text));
    list.append(row);
  }

  function section(name, { group: { block }, row }) {
    const list = element("dl");
    if (name === "provenance") block.batch.forEach(([label, text]) => addRow(list, label, text));
    for (const column of block.columns.filter((candidate) => candidate.section === name)) {
      const value = valueOf(column, row);
      if (value !== null && value !== undefined) addRow(list, column.label, column.unit ? `${value} ${column.unit}` : `${value}`);
    }
    if (!list.children.length) return [];
    return [element("h3", "", SECTIONS[name]), list];
  }

  // What lies under a click, topmost first: records overlap, and one must not hide another.
  function featuresAt(map, point) {
    const found = [];
    for (const group of layers.values()) {
      if (map.hasLayer(group)) group.eachLayer((feature) => feature._containsPoint(point) && found.push(feature));
    }
    return found.reverse();
  }

  function select(feature) {
    if (selected) selected.setStyle(styleOf(selected));
    selected = feature;
    if (feature) feature.setStyle({ color: colour("ink"), weight: 3 });
  }

  function pager(found, index, show) {
    const bar = element("div", "pager");
    const step = (label, text, by) => {
      const button = element("button", "", text);
      button.type = "button";
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => show((index + by + found.length) % found.length));
      return button;
    };
    bar.append(step("Previous", "‹", -1), element("span", "", `${index + 1} of ${found.length} here`), step("Next", "›", 1));
    return bar;
  }

  function popupContent(found, index, show) {
    const feature = found[index];
    const { group: { block, invalid }, row } = feature;
    const content = element("article", "record");
    if (found.length > 1) content.append(pager(found, index, show));
    const heading = element("h2", `look-${lookOf(block, row)}`);
    heading.append(element("small", "", block.name), element("span", "", block.labels?.[row] ?? block.ids[row] ?? "without number"));
    content.append(heading);
    if (invalid.has(row)) content.append(element("p", "warning", block.invalid_note));
    for (const name of Object.keys(SECTIONS)) content.append(...section(name, feature));
    return content;
  }

  function openAt(map, latlng) {
    const found = featuresAt(map, map.latLngToLayerPoint(latlng));
    if (!found.length) return;
    const size = map.getSize();
    const popup = L.popup({
      minWidth: Math.min(260, size.x - 60),
      maxWidth: Math.min(360, size.x - 60),
      maxHeight: Math.min(460, Math.round(size.y * 0.62)),
    });
    const show = (index) => {
      select(found[index]);
      popup.setContent(popupContent(found, index, show));
    };
    show(0);
    popup.setLatLng(latlng).openOn(map);
    popup.on("remove", () => select(null));
  }

  // A layer switched on again comes back under those that belong above it.
  function setVisible(map, group, visible) {
    if (!visible) {
      group.remove();
      return;
    }
    group.addTo(map);
    const all = [...layers.values()];
    all.slice(all.indexOf(group) + 1).filter((above) => map.hasLayer(above)).forEach((above) => above.bringToFront());
  }

  function button(map, text, label, act) {
    const control = L.control({ position: "topleft" });
    control.onAdd = () => {
      const box = element("div", "leaflet-bar");
      const made = element("button", "map-button", text);
      made.type = "button";
      made.title = label;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      box.append(made);
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    control.addTo(map);
  }

  function pointerPosition(map) {
    const control = L.control({ position: "bottomleft" });
    const box = element("output", "position");
    const degrees = (value, positive, negative) => `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
    control.onAdd = () => box;
    control.addTo(map);
    map.on("mousemove", ({ latlng }) => {
      box.textContent = `${degrees(latlng.lat, "N", "S")}  ${degrees(latlng.wrap().lng, "E", "W")}`;
    });
    map.on("mouseout", () => { box.textContent = ""; });
  }

  function create(id, options) {
    looks = options.looks;
    invalidDash = options.invalid_dash;
    const map = L.map(id, {
      preferCanvas: true,
      renderer: L.canvas({ padding: 0.25, tolerance: 3 }),
      attributionControl: false,
      zoomSnap: 0.25,
      wheelPxPerZoomLevel: 120,
    });
    const fit = () => map.fitBounds(options.bounds, { padding: [16, 16], maxZoom: 16 });
    L.control.attribution({ prefix: "Leaflet" }).addTo(map);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    button(map, "⤢", "Show everything", fit);
    pointerPosition(map);
    if (narrow.matches) root.classList.add("panel-closed");
    map.invalidateSize();
    fit();
    return map;
  }

  // Leaflet focuses the map on a click too; the cross is for those who steer it by keyboard.
  function listenForKeyboard(map) {
    const container = map.getContainer();
    document.addEventListener("keydown", () => root.classList.add("by-keyboard"), true);
    document.addEventListener("pointerdown", () => root.classList.remove("by-keyboard"), true);
    container.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === container) openAt(map, map.getCenter());
    });
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

  function start(map) {
    for (const box of document.querySelectorAll("[data-layer]")) {
      const group = layers.get(box.dataset.layer);
      box.addEventListener("change", () => setVisible(map, group, box.checked));
      setVisible(map, group, box.checked);
    }
    const resize = () => {
      for (const group of layers.values()) {
        if (!group.block.geometry.parts) group.eachLayer((mark) => mark.setRadius(radius(map.getZoom())));
      }
    };
    resize();
    map.on("zoomend", resize);
    map.on("click", ({ latlng }) => openAt(map, latlng));
    dark.addEventListener("change", restyle);
    listenForKeyboard(map);
    listenForPanel(map);
    // The canvas draws in the next frame; ready is the one after it.
    requestAnimationFrame(() => requestAnimationFrame(() => root.setAttribute("data-ready", "")));
  }

  return { create, layer, start };
})();
