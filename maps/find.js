"use strict";

// Finds features by place: a grid over the parts or points of a layer, and whether a position touches one.
const registryFind = (() => {
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

  // Inside by the even-odd rule, or no farther from an edge than the reach.
  function touchesPart({ x, y, partStart, ringStart }, part, atX, atY, reach) {
    let inside = false;
    for (let ring = partStart[part]; ring < partStart[part + 1]; ring++) {
      const end = ringStart[ring + 1];
      for (let to = ringStart[ring], from = end - 1; to < end; from = to++) {
        if (toEdge(x[from] - atX, y[from] - atY, x[to] - atX, y[to] - atY) <= reach) return true;
        if (y[to] > atY !== y[from] > atY && atX < ((x[from] - x[to]) * (atY - y[to])) / (y[from] - y[to]) + x[to]) inside = !inside;
      }
    }
    return inside;
  }

  // From the origin to the edge between two points.
  function toEdge(fromX, fromY, toX, toY) {
    const stepX = toX - fromX, stepY = toY - fromY;
    const square = stepX * stepX + stepY * stepY;
    const along = square ? Math.max(0, Math.min(1, -(fromX * stepX + fromY * stepY) / square)) : 0;
    return Math.hypot(fromX + along * stepX, fromY + along * stepY);
  }

  return { grid, within, touchesPart };
})();
