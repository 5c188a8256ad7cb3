"use strict";

// Measures along points that are clicked, or put under the cross by keyboard: a length, or the area of a closed shape.
const registryMeasure = (() => {
  const { element } = registryPopup;
  const root = document.documentElement;
  const PIECE_M = 20000;
  const MOST_PIECES = 64;
  let points = [];
  let isOn = false, closes = false;
  let map = null, drawing = null, strip = null, said = null;

  const significant = (value) => say.number(Number(value.toPrecision(4)));
  const length = (metres) => (metres < 1000 ? `${significant(metres)} m` : `${significant(metres / 1000)} km`);
  const area = (square) => (square < 1e6 ? `${significant(square)} m²` : `${significant(square / 1e6)} km²`);

  function legs() {
    const ends = closes && points.length > 2 ? [...points, points[0]] : points;
    return ends.slice(1).map((to, at) => [ends[at], to]);
  }

  const pixels = ([from, to]) => [from, to].map((latlng) => registryDecode.fromLatLng(latlng));
  const side = (a, b, c) => Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));

  function cross(one, other) {
    const [a, b] = pixels(one), [c, d] = pixels(other);
    return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
  }

  function words() {
    if (points.length < 2) return say("Click the map to add points; by keyboard, Enter adds the point under the cross.");
    const lengths = legs().map(([from, to]) => registryGeodesic.metres(from, to));
    if (lengths.includes(null)) return say("Two points lie on opposite sides of the globe; no length can be given.");
    const total = lengths.reduce((sum, metres) => sum + metres, 0);
    if (!closes) return say("{count} points, {length}", { count: points.length, length: length(total) });
    if (points.length < 3) return say("An area needs three points or more.");
    if (legs().some((one, at, all) => all.slice(at + 1).some((other) => cross(one, other)))) {
      return say("The shape crosses itself, so that it has no certain area.");
    }
    const square = registryGeodesic.squareMetres(points);
    return say("{count} points, {area}, {length} around", { count: points.length, area: area(square), length: length(total) });
  }

  function follow() {
    said.textContent = words();
    drawing.redraw();
  }

  function paint(ink, view) {
    const at = (latlng) => {
      const { x, y } = registryDecode.fromLatLng(latlng);
      return [x * view.scale + view.left, y * view.scale + view.top];
    };
    const style = getComputedStyle(root);
    const [colour, paper] = ["--ink", "--paper"].map((name) => style.getPropertyValue(name).trim());
    ink.beginPath();
    legs().forEach(([from, to]) => {
      const pieces = Math.min(MOST_PIECES, Math.ceil((registryGeodesic.metres(from, to) ?? 0) / PIECE_M));
      registryGeodesic.between(from, to, pieces).forEach((latlng, number) => {
        if (number) ink.lineTo(...at(latlng));
        else ink.moveTo(...at(latlng));
      });
    });
    for (const [line, width, dash] of [[paper, 5, []], [colour, 2.2, [7, 4]]]) {
      ink.strokeStyle = line;
      ink.lineWidth = width;
      ink.setLineDash(dash);
      ink.stroke();
    }
    ink.setLineDash([]);
    ink.lineWidth = 2;
    ink.fillStyle = paper;
    for (const point of points) {
      ink.beginPath();
      ink.arc(...at(point), 4, 0, 2 * Math.PI);
      ink.fill();
      ink.stroke();
    }
  }

  // Takes a point while measuring; false where the click is meant for the map.
  function take(latlng) {
    if (!isOn) return false;
    points.push({ lat: latlng.lat, lng: latlng.lng });
    follow();
    return true;
  }

  function begin() {
    isOn = true;
    map.closePopup();
    map.doubleClickZoom.disable();
    drawing.addTo(map);
    strip.hidden = false;
    root.classList.add("measuring");
    follow();
    map.getContainer().focus({ preventScroll: true });
  }

  function end() {
    isOn = false;
    points = [];
    map.doubleClickZoom.enable();
    drawing.remove();
    strip.hidden = true;
    root.classList.remove("measuring");
  }

  function listen(onMap) {
    map = onMap;
    drawing = new registryDraw.Canvas(paint, { padding: 0.15 });
    const opener = registryControls.button(map, "measure", say("Measure a length or an area"), () => (isOn ? stop() : begin()));
    strip = element("section", "strip");
    strip.hidden = true;
    strip.setAttribute("aria-label", say("Measure"));
    said = element("output", "measured");
    said.setAttribute("aria-live", "polite");
    const kinds = [["length", say("Length")], ["area", say("Area")]];
    const choice = registryControls.choice("measure", say("Measure"), kinds, "length", (kind) => {
      closes = kind === "area";
      follow();
    });
    const row = element("div", "buttons");
    row.append(
      registryControls.plainButton(say("Take back"), () => {
        points.pop();
        follow();
      }),
      registryControls.plainButton(say("Start again"), () => {
        points = [];
        follow();
      }),
      registryControls.plainButton(say("End"), stop),
    );
    const caution = say.mark("A measured line is no safe path.");
    strip.append(choice, said, row, registryPopup.warning(say(caution), say.english(caution)));
    map.getContainer().after(strip);
    document.addEventListener("keydown", (event) => {
      if (!isOn || event.key !== "Escape" || event.target.closest(".leaflet-popup, dialog")) return;
      stop();
    });

    function stop() {
      end();
      opener.focus({ preventScroll: true });
    }
  }

  return { listen, take };
})();
