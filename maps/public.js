"use strict";

// The map of the public page: places in shades by the range of a number, hatching wherever none is given. It takes the
// part of page.js, and knows of no record.
const registryMap = (() => {
  const { element, addRow, warning } = registryPopup;
  const { colour } = registryFrame;
  const HATCH = 9;
  const LABEL_MARGIN = 10;
  const RIMMED = 9;
  const CLOSEST_ZOOM = 14;
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const layers = [];
  let options = {};
  let canvas = null;
  let selected = null;

  // Ranges end where the next one begins: 5, 10, 20, 50, 100, 200 and so on.
  const endOf = (start) => (String(start)[0] === "2" ? 2.5 : 2) * start - 1;
  const floorOf = (name, row) => layers[0].floors[name].value(row);
  const inRange = (start) => say("{low} to {high}", { low: say.number(start), high: say.number(endOf(start)) });
  const given = (name, row) => (floorOf(name, row) === null ? options.withheld : inRange(floorOf(name, row)));

  // A layer as Leaflet knows layers; all of them are drawn on one canvas.
  const PlacesLayer = L.Layer.extend({ onAdd() {}, onRemove() {} });

  function layer(name) {
    const made = Object.assign(new PlacesLayer(), { name });
    layers.push(made);
    return made;
  }

  async function open() {
    for (const each of layers) {
      each.shapes = registryDecode.shapes(await registryDecode.unpack(`${each.name}_shapes`));
      each.shapes.grid = registryFind.grid(each.shapes);
      const { name, columns } = registryDecode.table(await registryDecode.unpack(`${each.name}_table`));
      each.label = name;
      each.floors = Object.fromEntries(options.tables.map(([table], number) => [table, columns[number]]));
    }
  }

  // Stripes that move with the map: what has no colour must not look like plain ground.
  function hatch(ink, view) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = HATCH;
    const lines = tile.getContext("2d");
    lines.strokeStyle = colour("muted");
    lines.globalAlpha = 0.35;
    lines.lineWidth = 1.2;
    lines.lineCap = "square";
    for (const shift of [-HATCH, 0, HATCH]) {
      lines.moveTo(shift, HATCH);
      lines.lineTo(shift + HATCH, 0);
    }
    lines.stroke();
    const pattern = ink.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().translate(view.left % HATCH, view.top % HATCH));
    ink.fillStyle = pattern;
    ink.fillRect(0, 0, view.width, view.height);
  }

  function paths(ink, shapes, view, act) {
    registryFind.within(shapes, view.box, (part) => {
      ink.beginPath();
      registryDraw.trace(ink, shapes, part, view);
      act(part);
    });
  }

  function paint(ink, view) {
    const table = root.dataset.shown;
    const shades = options.starts.map((_, number) => colour(`shade-${number}`));
    hatch(ink, view);
    const [places, borders] = layers;
    ink.lineWidth = 1;
    ink.strokeStyle = colour("paper");
    ink.globalAlpha = root.hasAttribute("data-base-map") ? 0.75 : 1;
    paths(ink, places.shapes, view, (part) => {
      const floor = floorOf(table, places.shapes.row[part]);
      if (floor === null) return;
      ink.fillStyle = shades[options.starts.filter((start) => start <= floor).length - 1];
      ink.fill("evenodd");
      // The rim of a small one would cover it.
      if ((places.shapes.box[4 * part + 2] - places.shapes.box[4 * part]) * view.scale >= RIMMED) ink.stroke();
    });
    ink.strokeStyle = colour("muted");
    ink.lineWidth = 0.8;
    ink.globalAlpha = 0.7;
    for (const { shapes } of options.side_km === null ? [places] : [borders]) paths(ink, shapes, view, () => ink.stroke());
    ink.globalAlpha = 1;
    if (options.side_km !== null) labels(ink, places.shapes, table, view);
    if (selected === null) return;
    ink.strokeStyle = colour("ink");
    ink.lineWidth = 3;
    paths(ink, places.shapes, view, (part) => {
      if (places.shapes.row[part] === selected) ink.stroke();
    });
  }

  // The range of each hexagon that has room for it.
  function labels(ink, shapes, table, view) {
    ink.font = "600 11px system-ui, sans-serif";
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.lineWidth = 3;
    ink.strokeStyle = colour("paper");
    ink.fillStyle = colour("ink");
    registryFind.within(shapes, view.box, (part) => {
      const [west, north, east, south] = shapes.box.subarray(4 * part, 4 * part + 4);
      const floor = floorOf(table, shapes.row[part]);
      if (floor === null) return;
      const x = ((west + east) / 2) * view.scale + view.left, y = ((north + south) / 2) * view.scale + view.top;
      const text = `${floor}–${endOf(floor)}`;
      if (ink.measureText(text).width + LABEL_MARGIN > (east - west) * view.scale) return;
      ink.strokeText(text, x, y);
      ink.fillText(text, x, y);
    });
  }

  // The area of a layer at a position, null where there is none.
  function rowAt({ shapes }, latlng) {
    const { x, y } = registryDecode.fromLatLng(latlng);
    let found = null;
    registryFind.within(shapes, [x, y, x, y], (part) => {
      if (registryFind.nearestOfPart(shapes, part, x, y).far === 0) found ??= shapes.row[part];
    });
    return found;
  }

  // A hexagon has a row only where it has a number to give.
  function content(row, latlng) {
    const [places, borders] = layers;
    const article = element("article", "record");
    const heading = element("h2", "place");
    const list = element("dl");
    if (options.side_km === null) heading.append(element("span", "", row === null ? say("No district") : String(places.label.value(row))));
    else {
      heading.append(element("span", "", say("Hexagon")), element("small", "", say("Sides of {km} km", { km: options.side_km })));
      const district = rowAt(borders, latlng);
      if (district !== null) addRow(list, say("District of this point"), String(borders.label.value(district)));
    }
    for (const [name, label] of options.tables) addRow(list, label, row === null ? options.withheld : given(name, row));
    article.append(heading, list, warning(options.no_record, options.no_record_in_english));
    return article;
  }

  function openAt(map, latlng) {
    const row = rowAt(layers[0], latlng);
    const popup = registryFrame.popup(map);
    select(row);
    popup.setContent(content(row, latlng)).setLatLng(latlng).openOn(map);
    popup.on("remove", () => select(null));
  }

  function select(row) {
    selected = row;
    canvas.redraw();
  }

  function create(id, settings) {
    options = settings;
    return registryFrame.create(id, { bounds: options.bounds, padding: [16, 16], fitZoom: 11, maxZoom: CLOSEST_ZOOM });
  }

  // What is shown; to begin with the first table that has anything to show.
  function listenForTables() {
    const boxes = [...document.querySelectorAll("#shown input")];
    const show = (name) => {
      root.dataset.shown = name;
      canvas?.redraw();
    };
    for (const box of boxes) box.addEventListener("change", () => show(box.value));
    const filled = ({ value }) => layers[0].shapes.row.some((row) => floorOf(value, row) !== null);
    const first = boxes.find(filled) ?? boxes[0];
    first.checked = true;
    show(first.value);
  }

  function begin(map) {
    listenForTables();
    canvas = new registryDraw.Canvas(paint, { padding: 0.15 });
    canvas.addTo(map);
    dark.addEventListener("change", () => canvas.redraw());
  }

  function start(map) {
    return registryFrame.start(map, open, () => begin(map), (latlng) => openAt(map, latlng));
  }

  return { create, layer, start };
})();
