"use strict";

// The map of the page: opens the layers, draws them, and answers pointer and keyboard.
const registryMap = (() => {
  const { element } = registryPopup;
  const { colour, leavePanel } = registryFrame;
  const EDGE_REACH = 3.5;
  const CLOSER_ZOOM = 17;
  const FARTHEST_M = 50000;
  const POSITION_ZOOM = 14;
  const MOST_FOUND = 30;
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const layers = new Map();
  let options = {};
  let canvas = null, above = null;
  let crowded = [];
  let selected = null;

  // Layers of this kind are drawn by a script of their own; the rest are drawn in the order of the file, backdrops lowest.
  const painters = { districts: registryChoropleth.paint, clusters: registryClusters.paint, backdrop: registryBackdrop.paint };
  const depth = ({ shapes }) => ({ districts: 0, backdrop: 1 })[shapes.header.kind] ?? 2;
  const shown = () => [...layers.values()].filter((layer) => layer.visible && !layer.early).sort((one, other) => depth(one) - depth(other));

  // How features of one look are drawn, in the colours of the moment.
  function styleOf(name, areas) {
    const look = options.looks[name];
    const ink = colour(name), paper = colour("paper");
    const style = { label: look.label, order: Object.keys(options.looks).indexOf(name), tint: ink, shape: look.shape };
    if (!areas) {
      if (look.shape === "cross") return { ...style, color: ink, weight: 2 };
      if (look.hollow) return { ...style, color: ink, weight: 1.8, fillColor: paper, fillOpacity: 0.7 };
      return { ...style, color: paper, weight: 0.9, fillColor: ink, fillOpacity: 1 };
    }
    const ground = look.ground && !root.hasAttribute("data-base-map");
    return {
      ...style,
      color: ink,
      weight: look.weight,
      dash: look.dash ? look.dash.split(" ").map(Number) : [],
      invalidDash: options.invalid_dash.split(" ").map(Number),
      fill: ground || look.fill_opacity > 0,
      fillColor: ground ? paper : ink,
      fillOpacity: ground ? 0.7 : look.fill_opacity,
    };
  }

  function setStyles() {
    for (const layer of layers.values()) {
      const { looks, party_look: party } = layer.shapes.header;
      layer.looks = party && root.dataset.records === "party" ? [party] : looks;
      layer.styles = layer.looks.map((name) => styleOf(name, layer.shapes.areas));
    }
    registryChoropleth.restyle(styleOf);
  }

  function restyle() {
    setStyles();
    redraw();
  }

  function redraw() {
    canvas?.redraw();
    above?.redraw();
  }

  // Areas below points; points of one kind are counted together. Gives back the crowds.
  function draw(ink, view) {
    const visible = shown();
    const ground = { paper: colour("paper"), text: colour("ink"), border: colour("districts") };
    for (const layer of visible.filter(({ shapes }) => shapes.areas || shapes.header.kind === "backdrop")) {
      const painter = painters[layer.shapes.header.kind];
      if (painter) painter(ink, layer, view, ground);
      else registryDraw.areas(ink, layer.shapes, layer.styles[0], view);
    }
    const drawn = ["devices", "accidents"].map((kind) => {
      const together = visible.filter(({ shapes }) => !shapes.areas && shapes.header.kind === kind);
      return { kind, ...registryDraw.points(ink, together, view, ground) };
    });
    registryChoropleth.label(ink, view, ground, drawn.flatMap(({ discs }) => discs));
    return drawn;
  }

  function paint(ink, view) {
    crowded = draw(ink, view);
  }

  // For paper, in the colours of paper.
  function drawOnPaper(ink, view) {
    setStyles();
    draw(ink, view);
  }

  function paintAbove(ink, view) {
    if (!selected) return;
    const { layer, row } = selected;
    registryDraw.highlight(ink, layer, row, view, colour("ink"));
    const sigma = layer.shapes.header.kind === "accidents" ? registryPopup.sigmaOf(layer, row) : null;
    if (sigma === null) return;
    for (let item = layer.shapes.first[row]; item < layer.shapes.first[row + 1]; item++) {
      const x = layer.shapes.x[item], y = layer.shapes.y[item];
      const radius = sigma * registryFind.perMetre(registryDecode.toLatLng(x, y).lat);
      registryDraw.circle(ink, { x, y, radius }, view, colour("ink"));
    }
  }

  function layer(name) {
    const made = { name, visible: true, early: false };
    layers.set(name, made);
    return made;
  }

  async function open(map) {
    for (const each of layers.values()) {
      each.shapes = registryDecode.shapes(await registryDecode.unpack(`${each.name}_shapes`));
      each.shapes.grid = registryFind.grid(each.shapes);
      each.table = registryDecode.table(await registryDecode.unpack(`${each.name}_table`));
    }
    await registryChoropleth.open(layers);
    await registryCharts.open({
      choose(band) {
        leavePanel();
        registryFilter.choose({ band: registryFilter.state().band === band ? null : band });
      },
      goTo(feature) {
        leavePanel();
        goTo(map, feature, registryChoropleth.middle(feature.row));
      },
    });
  }

  const crowds = () => crowded.flatMap((kind) => kind.discs);
  const inCrowd = (x, y) => crowded.some((kind) => kind.isCrowd(x, y));
  const perPixel = (map) => registryDecode.HALF / (128 * 2 ** map.getZoom());

  // What lies under a position, topmost first: records overlap, and one must not hide another.
  function featuresAt(map, latlng) {
    const { x, y } = registryDecode.fromLatLng(latlng);
    const found = [];
    const inOrder = shown().filter(({ shapes }) => shapes.header.kind !== "backdrop");
    for (const each of [...inOrder.filter(({ shapes }) => shapes.areas), ...inOrder.filter(({ shapes }) => !shapes.areas)]) {
      const { shapes } = each;
      const reach = perPixel(map) * (shapes.areas ? EDGE_REACH : registryDraw.markRadius(map.getZoom()) + 3);
      const inCrowd = crowded.find(({ kind }) => kind === shapes.header.kind)?.isCrowd;
      const rows = new Map();
      registryFind.within(shapes, [x - reach, y - reach, x + reach, y + reach], (item) => {
        if (registryDraw.isHidden(shapes, item)) return;
        const far = shapes.areas ? 0 : Math.hypot(shapes.x[item] - x, shapes.y[item] - y);
        if (shapes.areas ? registryFind.nearestOfPart(shapes, item, x, y).far <= reach : !inCrowd?.(shapes.x[item], shapes.y[item])) {
          rows.set(shapes.row[item], Math.min(far, rows.get(shapes.row[item]) ?? Infinity));
        }
      });
      // Of points the nearest comes first, of areas the one drawn last.
      const sorted = [...rows].sort(([one, far], [other, farther]) => farther - far || one - other);
      for (const [row] of sorted) found.push({ layer: each, row });
    }
    return found.reverse();
  }

  function discAt(map, latlng) {
    const { x, y } = registryDecode.fromLatLng(latlng);
    return crowds().reverse().find((disc) => Math.hypot(disc.x - x, disc.y - y) <= (disc.r + 3) * perPixel(map));
  }

  function comeCloser(map, { west, north, east, south }) {
    const corners = L.latLngBounds(registryDecode.toLatLng(west, north), registryDecode.toLatLng(east, south));
    const zoom = Math.min(CLOSER_ZOOM, map.getBoundsZoom(corners, false, L.point(40, 40)));
    map.setView(corners.getCenter(), Math.max(zoom, map.getZoom() + 1));
  }

  function select(feature) {
    selected = feature;
    above.redraw();
  }

  function openAt(map, latlng) {
    const disc = discAt(map, latlng);
    if (disc) {
      comeCloser(map, disc);
      return;
    }
    tell(map, latlng, featuresAt(map, latlng));
  }

  // What was found at a place, feature by feature, and how the place lies to the records.
  function tell(map, latlng, found, side) {
    const records = [...layers.values()].filter(({ shapes }) => shapes.header.kind === "minefields" && shapes.areas);
    const place = registryFind.coverAndNearest(records, registryDecode.fromLatLng(latlng), FARTHEST_M);
    const around = { latlng, side, ...place, farthest: FARTHEST_M, options, searched: records.length > 0, go };
    const popup = registryFrame.popup(map);
    const show = (index) => {
      select(found[index] ?? null);
      popup.setContent(registryPopup.content(found, index, show, around));
    };
    show(0);
    popup.setLatLng(latlng).openOn(map);
    popup.on("remove", () => select(null));

    function go(feature) {
      popup.remove();
      goTo(map, feature);
    }
  }

  // Comes to a feature and shows its record.
  function goTo(map, feature, place) {
    const { shapes } = feature.layer;
    const corners = registryFind.boxOf(shapes, feature.row);
    const bounds = L.latLngBounds(registryDecode.toLatLng(corners[0], corners[1]), registryDecode.toLatLng(corners[2], corners[3]));
    map.fitBounds(bounds, { maxZoom: CLOSER_ZOOM, padding: [60, 60], animate: false });
    const item = shapes.first[feature.row];
    const at = shapes.areas ? shapes.ringStart[shapes.partStart[item]] : item;
    tell(map, place ?? registryDecode.toLatLng(shapes.x[at], shapes.y[at]), [feature]);
  }

  // Names what the pointer is over.
  function listenForPointer(map) {
    if (!window.matchMedia("(hover: hover)").matches) return;
    const tooltip = L.tooltip({ opacity: 1, direction: "auto", offset: [10, 0] });
    let last = null, waiting = false;
    const name = () => {
      waiting = false;
      const disc = last && discAt(map, last);
      const top = last && !disc && featuresAt(map, last)[0];
      map.getContainer().classList.toggle("over-feature", Boolean(disc || top));
      if (!disc && !top) {
        tooltip.remove();
        return;
      }
      tooltip.setContent(disc ? registryPopup.crowd(disc) : element("span", "", registryPopup.nameOf(top, options.looks)));
      tooltip.setLatLng(last);
      if (!map.hasLayer(tooltip)) tooltip.addTo(map);
    };
    const soon = (latlng) => {
      last = latlng;
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(name);
    };
    map.on("mousemove", ({ latlng, originalEvent }) => {
      // Over a popup or a button, nothing of the map is under the pointer.
      soon(originalEvent.target === map.getContainer() || originalEvent.target.tagName === "CANVAS" ? latlng : null);
    });
    map.on("mouseout movestart", () => soon(null));
  }

  function create(id, settings) {
    options = settings;
    // So much above and below that nothing is lost when the bar of the filters takes its room.
    const map = registryFrame.create(id, { bounds: options.bounds, padding: [16, 36], fitZoom: 16, maxZoom: 20 });
    registryControls.pointerPosition(map);
    return map;
  }

  function listenForFind(map) {
    const said = document.getElementById("find-said"), list = document.getElementById("found");
    const offer = (name, more, act) => {
      const line = element("li"), button = element("button");
      button.type = "button";
      button.append(element("span", "", name), element("small", "", more));
      button.addEventListener("click", () => {
        leavePanel();
        act();
      });
      line.append(button);
      list.append(line);
    };
    document.getElementById("find").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = document.getElementById("find-text").value.trim();
      list.replaceChildren();
      said.textContent = "";
      if (!text) return;
      for (const { latitude, longitude, read, side } of registryCoordinates.positions(text)) {
        const latlng = L.latLng(latitude, longitude);
        offer(registryPopup.position(latlng), read, () => {
          map.setView(latlng, Math.max(map.getZoom(), POSITION_ZOOM), { animate: false });
          tell(map, latlng, featuresAt(map, latlng), side);
        });
      }
      const { batches, features, more } = registrySearch.find([...layers.values()].filter(({ table }) => table.name), text, MOST_FOUND);
      for (const layer of batches) {
        offer(registryPopup.batchOf({ layer }), `${say("Batch")}: ${say.number(layer.shapes.count)} × ${layer.shapes.header.name}`, () => showLayer(map, layer));
      }
      for (const feature of features) {
        const name = `${feature.layer.shapes.header.name} ${registryPopup.labelOf(feature.layer, feature.row)}`;
        offer(name, feature.why, () => goTo(map, feature));
      }
      if (more) said.textContent = say("The first {listed} of {found} are listed.", { listed: features.length, found: features.length + more });
      else if (list.children.length) said.textContent = say("Found: {count}.", { count: list.children.length });
      else said.textContent = registryCoordinates.hint(text);
    });
  }

  function showLayer(map, { shapes }) {
    const corners = L.latLngBounds([]);
    for (let row = 0; row < shapes.count; row++) {
      const [west, north, east, south] = registryFind.boxOf(shapes, row);
      corners.extend(registryDecode.toLatLng(west, north)).extend(registryDecode.toLatLng(east, south));
    }
    if (corners.isValid()) map.fitBounds(corners, { maxZoom: CLOSER_ZOOM, padding: [40, 40], animate: false });
  }

  function begin(map) {
    canvas = new registryDraw.Canvas(paint, { padding: 0.15 });
    above = new registryDraw.Canvas(paintAbove, { padding: 0.15 });
    registryFilter.listen([...layers.values()], () => {
      map.closePopup();
      map.invalidateSize();
      restyle();
    });
    canvas.addTo(map);
    above.addTo(map);
    dark.addEventListener("change", restyle);
    listenForPointer(map);
    listenForFind(map);
    registryOverlay.listen(map);
    registryMeasure.listen(map);
    registrySheet.listen(map, drawOnPaper, restyle, options.record_notes);
    registryLink.listen(map);
  }

  function start(map) {
    return registryFrame.start(map, () => open(map), () => begin(map), (latlng) => registryMeasure.take(latlng) || openAt(map, latlng));
  }

  return { create, layer, start, crowds, inCrowd };
})();
