"use strict";

// Lines of equal degrees, or the squares of MGRS, with labels at the edges of what is in view.
const registryGraticule = (() => {
  const { HALF } = registryDecode;
  const { SQUARE_M, SOUTHMOST, NORTHMOST } = registryGrid;
  const KINDS = ["degrees", "mgrs"];
  const LEAST_PIXELS = 76;
  const DEGREES = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];
  const METRES = [100000, 50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10];
  // Squares of 100 km are drawn from this width on, the zones alone below it.
  const LEAST_SQUARE = 34;
  const HIGHEST = 85;
  // A line of the grid is bent; straight pieces of this length are closer to it than its own width.
  const PIECE_PIXELS = 60;
  const MOST_PIECES = 24;
  const PER_DEGREE_M = 111320;
  const LABEL_APART = { top: 42, bottom: 42, left: 18, right: 18 };
  const SHIFTS = [[0, 0], [0.1, 0], [0, 0.1], [0.1, 0.1], [0.25, 0], [0, 0.25], [0.25, 0.25], [0.5, 0.5]];
  const FONT = "system-ui, -apple-system, sans-serif";

  const xOf = (lng, view) => (lng / 180) * HALF * view.scale + view.left;
  const yOf = (lat, view) => registryDecode.fromLatLng([lat, 0]).y * view.scale + view.top;
  const pixel = (latlng, view) => [xOf(latlng.lng, view), yOf(latlng.lat, view)];

  // The degrees in view, no more than once around the world.
  function bounds({ box }) {
    const { lat: north, lng: west } = registryDecode.toLatLng(box[0], box[1]);
    const { lat: south, lng: east } = registryDecode.toLatLng(box[2], box[3]);
    return { west: Math.max(-180, west), east: Math.min(180, east), south: Math.max(-HIGHEST, south), north: Math.min(HIGHEST, north) };
  }

  const finest = (steps, pixels) => steps.filter((step) => pixels(step) >= LEAST_PIXELS).pop() ?? steps[0];

  function* multiples(from, to, step) {
    for (let count = Math.ceil(from / step - 1e-9); count * step <= to + step * 1e-9; count++) yield count * step;
  }

  function label(value, step, positive, negative) {
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    return `${Math.abs(value).toFixed(digits)}°${value ? ` ${value < 0 ? negative : positive}` : ""}`;
  }

  // A line is { points, label, upright }; an upright one meets the upper edge of the view, the others its sides.
  function degreeLines(view) {
    const seen = bounds(view);
    const middle = (((seen.south + seen.north) / 2) * Math.PI) / 180;
    const perDegree = (HALF / 180) * view.scale;
    const eastward = finest(DEGREES, (degrees) => degrees * perDegree);
    const northward = finest(DEGREES, (degrees) => (degrees * perDegree) / Math.cos(middle));
    const lines = [];
    for (const lng of multiples(seen.west, seen.east, eastward)) {
      const points = [seen.north, seen.south].map((lat) => pixel({ lat, lng }, view));
      lines.push({ points, label: label(lng, eastward, "E", "W"), upright: true, weight: 1 });
    }
    for (const lat of multiples(seen.south, seen.north, northward)) {
      const points = [seen.west, seen.east].map((lng) => pixel({ lat, lng }, view));
      lines.push({ points, label: label(lat, northward, "N", "S"), upright: false, weight: 1 });
    }
    return [{ lines, names: [] }];
  }

  const meets = (one, other) => one.west < other.east && one.east > other.west && one.south < other.north && one.north > other.south;
  const common = (one, other) => ({
    west: Math.max(one.west, other.west),
    east: Math.min(one.east, other.east),
    south: Math.max(one.south, other.south),
    north: Math.min(one.north, other.north),
  });

  function* zonesIn(seen) {
    for (const band of registryGrid.BANDS) {
      for (let zone = 1; zone <= 60; zone++) {
        const box = registryGrid.boxOf(zone, band);
        if (box && meets(box, seen)) yield { zone, band, box };
      }
    }
  }

  // The metres that a part of a zone reaches to, by points along its edges.
  function reach(zone, { west, east, south, north }) {
    const edges = [];
    for (let share = 0; share <= 1; share += 0.125) {
      const [lng, lat] = [west + share * (east - west), south + share * (north - south)];
      edges.push({ lat: south, lng }, { lat: north, lng }, { lat, lng: west }, { lat, lng: east });
    }
    const metres = edges.map((each) => registryGrid.project(each, zone));
    // The equator is where the southern half ends.
    const half = south < 0 ? ({ east: x, north: y }) => [x, y || 1e7] : ({ east: x, north: y }) => [x, y];
    const [x, y] = [0, 1].map((axis) => metres.map((each) => half(each)[axis]));
    return [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
  }

  // Kilometres, hundreds or tens of metres within the square, with as many digits as a position would have there.
  function digits(metres, step) {
    const unit = step >= 1000 ? 1000 : step >= 100 ? 100 : 10;
    return String(Math.round((((metres % SQUARE_M) + SQUARE_M) % SQUARE_M) / unit)).padStart(Math.log10(SQUARE_M / unit), "0");
  }

  function zoneLines({ zone, band, box }, view, seen, step, perMetre) {
    const part = common(box, seen);
    const [west, east, south, north] = reach(zone, part);
    const isSouth = band < "N";
    const at = (x, y) => pixel(registryGrid.unproject(zone, isSouth, x, y), view);
    const longest = (east - west + north - south) * perMetre;
    const pieces = Math.max(2, Math.min(MOST_PIECES, Math.ceil(longest / PIECE_PIXELS)));
    const shares = Array.from({ length: pieces + 1 }, (_, piece) => piece / pieces);
    const weight = (metres) => (metres % SQUARE_M ? 1 : 1.8);
    const lines = [];
    for (const x of multiples(west, east, step)) {
      const points = shares.map((share) => at(x, south + share * (north - south)));
      lines.push({ points, label: step < SQUARE_M ? digits(x, step) : "", upright: true, weight: weight(x) });
    }
    for (const y of multiples(south, north, step)) {
      const points = shares.map((share) => at(west + share * (east - west), y));
      lines.push({ points, label: step < SQUARE_M ? digits(y, step) : "", upright: false, weight: weight(y) });
    }
    const names = [];
    for (let x = Math.floor(west / SQUARE_M) * SQUARE_M; x < east; x += SQUARE_M) {
      for (let y = Math.floor(south / SQUARE_M) * SQUARE_M; y < north; y += SQUARE_M) {
        const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([right, up]) => at(x + right * SQUARE_M, y + up * SQUARE_M));
        const holds = (pixelX, pixelY) => {
          const position = registryDecode.toLatLng((pixelX - view.left) / view.scale, (pixelY - view.top) / view.scale);
          const metres = registryGrid.project(position, zone);
          return Math.floor(metres.east / SQUARE_M) * SQUARE_M === x && Math.floor(metres.north / SQUARE_M) * SQUARE_M === y;
        };
        names.push({ corners, holds, zone: `${zone}${band}`, square: registryGrid.squareAt(zone, x, y) });
      }
    }
    const corners = [{ lat: part.north, lng: part.west }, { lat: part.south, lng: part.east }];
    return { lines, names, clip: corners.flatMap((corner) => pixel(corner, view)) };
  }

  function mgrsLines(view) {
    const all = bounds(view);
    const seen = { ...all, south: Math.max(SOUTHMOST, all.south), north: Math.min(NORTHMOST, all.north) };
    if (seen.south >= seen.north) return [];
    const middle = (seen.south + seen.north) / 2;
    const perMetre = ((HALF / 180) * view.scale) / (PER_DEGREE_M * Math.cos((middle * Math.PI) / 180));
    const step = finest(METRES, (metres) => metres * perMetre);
    const zones = [...zonesIn(seen)];
    const groups = SQUARE_M * perMetre < LEAST_SQUARE ? [] : zones.map((zone) => zoneLines(zone, view, seen, step, perMetre));
    const edges = { lines: [], names: [] };
    for (const { zone, band, box } of zones) {
      const [left, top] = pixel({ lat: box.north, lng: box.west }, view);
      const [right, bottom] = pixel({ lat: box.south, lng: box.east }, view);
      const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
      edges.lines.push({ points: [...corners, corners[0]], label: "", upright: true, weight: groups.length ? 2.4 : 1 });
      if (!groups.length) edges.names.push({ corners, holds: () => true, zone: `${zone}${band}`, square: "" });
    }
    return [...groups, edges];
  }

  // Where a line first meets a horizontal (axis 1) or an upright edge.
  function crossing(points, axis, edge) {
    for (let at = 1; at < points.length; at++) {
      const from = points[at - 1][axis] - edge, to = points[at][axis] - edge;
      if (from === to || from > 0 === to > 0) continue;
      const share = from / (from - to);
      return points[at - 1][1 - axis] + share * (points[at][1 - axis] - points[at - 1][1 - axis]);
    }
    return null;
  }

  function write(ink, text, x, y, { paper, text: colour }) {
    ink.direction = "ltr";
    ink.strokeStyle = paper;
    ink.lineWidth = 3.5;
    ink.globalAlpha = 0.9;
    ink.strokeText(text, x, y);
    ink.globalAlpha = 1;
    ink.fillStyle = colour;
    ink.fillText(text, x, y);
  }

  // Labels where lines meet the edges of the frame; none upon another.
  function labels(ink, groups, frame, sides, ground) {
    ink.font = `600 11px ${FONT}`;
    ink.textBaseline = "middle";
    for (const side of sides) {
      const upright = side === "top" || side === "bottom";
      const taken = [];
      ink.textAlign = upright ? "center" : side;
      for (const { lines, clip = [-Infinity, -Infinity, Infinity, Infinity] } of groups) {
        for (const line of lines) {
          if (!line.label || line.upright !== upright) continue;
          const at = crossing(line.points, upright ? 1 : 0, frame[side]);
          const [x, y] = upright ? [at, frame[side]] : [frame[side], at];
          const from = upright ? frame.left : frame.top, to = upright ? frame.right : frame.bottom;
          const room = LABEL_APART[side] / 2;
          if (at === null || at < from + room || at > to - room || x < clip[0] || x > clip[2] || y < clip[1] || y > clip[3]) continue;
          if (taken.some((other) => Math.abs(other - at) < LABEL_APART[side])) continue;
          taken.push(at);
          const inwards = { top: [0, 9], bottom: [0, -9], left: [4, 0], right: [-4, 0] }[side];
          write(ink, line.label, x + inwards[0], y + inwards[1], ground);
        }
      }
    }
  }

  // Names of zones and squares, in the lower left corner of what is seen of them, clear of the labels of lines.
  function names(ink, groups, whole, sides, ground) {
    const frame = { ...whole };
    if (sides.includes("left")) frame.left += 24;
    if (sides.includes("bottom")) frame.bottom -= 16;
    for (const { names: named, clip = [-Infinity, -Infinity, Infinity, Infinity] } of groups) {
      for (const { corners, holds, zone, square } of named) {
        const x = corners.map((corner) => corner[0]), y = corners.map((corner) => corner[1]);
        const left = Math.max(Math.min(...x), clip[0], frame.left), right = Math.min(Math.max(...x), clip[2], frame.right);
        const top = Math.max(Math.min(...y), clip[1], frame.top), bottom = Math.min(Math.max(...y), clip[3], frame.bottom);
        if (right - left < 24 || bottom - top < 16) continue;
        const isWide = right - left > 84;
        const text = square && isWide ? `${zone} ${square}` : square || zone;
        ink.font = `700 ${isWide ? 14 : 11}px ${FONT}`;
        ink.textAlign = "left";
        ink.textBaseline = "alphabetic";
        const { width } = ink.measureText(text);
        const free = right - left - width;
        if (free < 0) continue;
        // The square lies askew: the lowest place to the left where all of its name is in it.
        const [startX, startY] = isWide ? [left + 7, bottom - 7] : [left + free / 2, bottom - 7];
        const place = SHIFTS.map(([along, up]) => [startX + along * free, startY - up * (bottom - top)])
          .find(([x, y]) => x + width <= right && y - 8 >= top && holds(x, y) && holds(x + width, y));
        if (place) write(ink, text, ...place, ground);
      }
    }
  }

  // Draws the grid. `frame` is the part of the canvas that is seen, `sides` are its edges that have labels.
  function paint(ink, view, kind, frame, sides, ground) {
    const groups = kind === "mgrs" ? mgrsLines(view) : degreeLines(view);
    ink.strokeStyle = ground.text;
    ink.lineJoin = "round";
    for (const { lines, clip } of groups) {
      ink.save();
      if (clip) {
        ink.beginPath();
        ink.rect(clip[0], clip[1], clip[2] - clip[0], clip[3] - clip[1]);
        ink.clip();
      }
      for (const weight of new Set(lines.map((line) => line.weight))) {
        ink.globalAlpha = weight > 1 ? 0.6 : 0.34;
        ink.lineWidth = weight;
        ink.beginPath();
        for (const { points } of lines.filter((line) => line.weight === weight)) {
          points.forEach(([x, y], at) => (at ? ink.lineTo(x, y) : ink.moveTo(x, y)));
        }
        ink.stroke();
      }
      ink.restore();
    }
    ink.globalAlpha = 1;
    names(ink, groups, frame, sides, ground);
    labels(ink, groups, frame, sides, ground);
  }

  return { KINDS, paint };
})();
