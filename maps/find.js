"use strict";

// Finds features by place: a grid over the parts or points of a layer, and whether a position touches one.
const registryFind = (() => {
  const { HALF } = registryDecode;
  const PER_CELL = 8;
  const MOST_CELLS = 512;
  const LARGE_CELLS = 2;

  // Items lie in the cell of their middle; those larger than two cells are looked at every time.
  function grid(shapes) {
    const { items, areas, x, y, box } = shapes;
    const middle = (item, axis) => areas ? (box[4 * item + axis] + box[4 * item + axis + 2]) / 2 : (axis ? y : x)[item];
    let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    for (let item = 0; item < items; item++) {
      west = Math.min(west, middle(item, 0));
      east = Math.max(east, middle(item, 0));
      north = Math.min(north, middle(item, 1));
      south = Math.max(south, middle(item, 1));
    }
    const side = Math.max(1, Math.min(MOST_CELLS, Math.ceil(Math.sqrt(items / PER_CELL))));
    const width = Math.max(1, (east - west) / side), height = Math.max(1, (south - north) / side);
    const column = (value) => Math.max(0, Math.min(side - 1, Math.floor((value - west) / width)));
    const line = (value) => Math.max(0, Math.min(side - 1, Math.floor((value - north) / height)));
    const large = [];
    const cellOf = new Int32Array(items);
    const begin = new Uint32Array(side * side + 1);
    let reachX = 0, reachY = 0;
    for (let item = 0; item < items; item++) {
      const halfX = areas ? (box[4 * item + 2] - box[4 * item]) / 2 : 0;
      const halfY = areas ? (box[4 * item + 3] - box[4 * item + 1]) / 2 : 0;
      if (halfX > LARGE_CELLS * width || halfY > LARGE_CELLS * height) {
        large.push(item);
        cellOf[item] = -1;
        continue;
      }
      reachX = Math.max(reachX, halfX);
      reachY = Math.max(reachY, halfY);
      cellOf[item] = line(middle(item, 1)) * side + column(middle(item, 0));
      begin[cellOf[item] + 1]++;
    }
    for (let cell = 0; cell < side * side; cell++) begin[cell + 1] += begin[cell];
    const next = begin.slice();
    const held = new Uint32Array(items - large.length);
    for (let item = 0; item < items; item++) if (cellOf[item] >= 0) held[next[cellOf[item]]++] = item;
    return { side, column, line, begin, held, large, reachX, reachY };
  }

  // Calls `found` with each item whose box or position touches this one.
  function within({ areas, x, y, box, grid: cells }, [west, north, east, south], found) {
    const touches = areas
      ? (item) => box[4 * item] <= east && box[4 * item + 2] >= west && box[4 * item + 1] <= south && box[4 * item + 3] >= north
      : (item) => x[item] <= east && x[item] >= west && y[item] <= south && y[item] >= north;
    for (const item of cells.large) if (touches(item)) found(item);
    const first = cells.column(west - cells.reachX), last = cells.column(east + cells.reachX);
    const bottom = cells.line(south + cells.reachY);
    for (let line = cells.line(north - cells.reachY); line <= bottom; line++) {
      const end = cells.begin[line * cells.side + last + 1];
      for (let at = cells.begin[line * cells.side + first]; at < end; at++) if (touches(cells.held[at])) found(cells.held[at]);
    }
  }

  // West, north, east and south of a feature.
  function boxOf({ areas, x, y, box, first }, row) {
    const whole = [Infinity, Infinity, -Infinity, -Infinity];
    for (let item = first[row]; item < first[row + 1]; item++) {
      const [west, north, east, south] = areas ? box.subarray(4 * item, 4 * item + 4) : [x[item], y[item], x[item], y[item]];
      whole[0] = Math.min(whole[0], west);
      whole[1] = Math.min(whole[1], north);
      whole[2] = Math.max(whole[2], east);
      whole[3] = Math.max(whole[3], south);
    }
    return whole;
  }

  // The point of a part nearest to a position, the position itself where it lies inside by the even-odd rule.
  function nearestOfPart({ x, y, partStart, ringStart }, part, atX, atY) {
    let inside = false;
    let best = { x: atX, y: atY, far: Infinity };
    for (let ring = partStart[part]; ring < partStart[part + 1]; ring++) {
      const end = ringStart[ring + 1];
      for (let to = ringStart[ring], from = end - 1; to < end; from = to++) {
        const stepX = x[to] - x[from], stepY = y[to] - y[from];
        const square = stepX * stepX + stepY * stepY;
        const share = square ? Math.max(0, Math.min(1, ((atX - x[from]) * stepX + (atY - y[from]) * stepY) / square)) : 0;
        const onX = x[from] + share * stepX, onY = y[from] + share * stepY;
        const far = Math.hypot(onX - atX, onY - atY);
        if (far < best.far) best = { x: onX, y: onY, far };
        if (y[to] > atY !== y[from] > atY && atX < ((x[from] - x[to]) * (atY - y[to])) / (y[from] - y[to]) + x[to]) inside = !inside;
      }
    }
    return inside ? { x: atX, y: atY, far: 0 } : best;
  }

  // Radii of curvature of WGS 84 along the meridian and across it.
  function radii(latitude) {
    const squash = 1 - 0.00669437999 * Math.sin(latitude) ** 2;
    return [6335439.327 / squash ** 1.5, 6378137 / Math.sqrt(squash)];
  }

  // Metres between two positions; within 0.1 % up to 100 km.
  function metres(one, other) {
    const [from, to] = [one, other].map(({ x, y }) => registryDecode.toLatLng(x, y));
    const middle = ((from.lat + to.lat) / 2) * (Math.PI / 180);
    const [along, across] = radii(middle);
    const perDegree = Math.PI / 180;
    return Math.hypot((to.lat - from.lat) * perDegree * along, (to.lng - from.lng) * perDegree * across * Math.cos(middle));
  }

  // How wide a metre of the ground is on the Mercator square.
  const perMetre = (latitude) => HALF / (Math.PI * 6378137 * Math.cos((latitude * Math.PI) / 180));

  // What covers a position, and the area nearest to it that does not, up to `farthest` metres away. The Mercator square
  // stretches with latitude, so a little more than the nearest on it is looked at and measured.
  function coverAndNearest(layers, at, farthest) {
    const { lat } = registryDecode.toLatLng(at.x, at.y);
    const covering = [];
    let nearest = null;
    for (let reach = 500; ; reach = Math.min(2 * reach, farthest)) {
      const side = reach * perMetre(lat) * 1.05;
      const covered = new Set();
      covering.length = 0;
      nearest = null;
      for (const layer of layers) {
        within(layer.shapes, [at.x - side, at.y - side, at.x + side, at.y + side], (part) => {
          const row = layer.shapes.row[part];
          const point = nearestOfPart(layer.shapes, part, at.x, at.y);
          if (point.far === 0 && !covered.has(`${layer.name} ${row}`)) {
            covered.add(`${layer.name} ${row}`);
            covering.push({ layer, row });
          }
          const far = point.far === 0 ? 0 : metres(at, point);
          if (far && far <= reach && (!nearest || far < nearest.metres)) nearest = { layer, row, metres: far };
        });
      }
      if (nearest || reach >= farthest) return { covering, nearest };
    }
  }

  return { grid, within, boxOf, nearestOfPart, metres, perMetre, coverAndNearest };
})();
