"use strict";

// Unpacks what maps/encode.py packed: geometry into flat arrays on the Mercator square, tables into columns that are
// read on demand. Nothing here touches the page but to read its data elements.
const registryDecode = (() => {
  const UNITS_PER_DEGREE = 1e5;
  const FINE_PER_UNIT = 100;
  // Positions are whole numbers, about 2 cm at the equator: the Mercator square is 2 ** 31 wide.
  const HALF = 2 ** 30;
  const UNDATED = -(2 ** 31);
  const HIGHEST_LATITUDE = 85.0511287798;

  // Header and sections of a pack, null where there is none. The text is given back to the browser: it is as large as
  // the data.
  async function unpack(id) {
    const element = document.getElementById(id);
    if (!element) return null;
    const text = atob(element.textContent);
    element.remove();
    const packed = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) packed[at] = text.charCodeAt(at);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
    let start = 4 + length;
    const sections = header.sizes.map((size) => bytes.subarray(start, (start += size)));
    return { header, sections };
  }

  function varints(bytes) {
    let count = 0;
    for (let at = 0; at < bytes.length; at++) count += bytes[at] < 128;
    const numbers = new Uint32Array(count);
    let number = 0, shift = 0, value = 0;
    for (let at = 0; at < bytes.length; at++) {
      value |= (bytes[at] & 127) << shift;
      if (bytes[at] < 128) {
        numbers[number++] = value;
        value = shift = 0;
      } else shift += 7;
    }
    return numbers;
  }

  const signed = (value) => (value >>> 1) ^ -(value & 1);

  // Where each of them begins, and where the last one ends.
  function starts(counts) {
    const ends = new Uint32Array(counts.length + 1);
    for (let at = 0; at < counts.length; at++) ends[at + 1] = ends[at] + counts[at];
    return ends;
  }

  // Degrees in hundredths of a unit, by running sums; fine rings get back what rounding took.
  function degrees(steps, ringStart, fineRings, rest) {
    const values = new Int32Array(steps.length);
    let sum = 0;
    for (let at = 0; at < steps.length; at++) values[at] = (sum += signed(steps[at])) * FINE_PER_UNIT;
    let ring = 0, taken = 0;
    for (const step of fineRings) {
      ring += step;
      for (let at = ringStart[ring]; at < ringStart[ring + 1]; at++) values[at] += (rest[taken++] << 24) >> 24;
    }
    return values;
  }

  function eastward(values) {
    const perDegree = HALF / 180 / UNITS_PER_DEGREE / FINE_PER_UNIT;
    for (let at = 0; at < values.length; at++) values[at] = Math.round(values[at] * perDegree);
    return values;
  }

  function southward(values) {
    const perUnit = Math.PI / 180 / UNITS_PER_DEGREE / FINE_PER_UNIT;
    const most = HIGHEST_LATITUDE * UNITS_PER_DEGREE * FINE_PER_UNIT;
    for (let at = 0; at < values.length; at++) {
      const sine = Math.sin(Math.max(-most, Math.min(most, values[at])) * perUnit);
      values[at] = Math.round((-HALF / Math.PI / 2) * Math.log((1 + sine) / (1 - sine)));
    }
    return values;
  }

  // The features of a layer: `first` is where the parts (or points) of each begin, `ringStart` where its vertices do.
  function shapes({ header, sections }) {
    const [look, invalid, days, features, ...rest] = sections;
    const open = header.shape === "lines";
    const made = { header, look, invalid, count: look.length, areas: open || header.shape === "areas", open, first: starts(varints(features)) };
    // Days since 1970 of events; what has no date comes before all others.
    if (days.length) made.day = Int32Array.from(varints(days), (value) => (value ? signed(value - 1) : UNDATED));
    // Which rows are drawn; null where all are.
    made.mask = null;
    if (open) {
      const [vertices, x, y] = rest.map(varints);
      // Each line is a part with one ring that does not close.
      made.partStart = Uint32Array.from({ length: vertices.length + 1 }, (_, part) => part);
      made.ringStart = starts(vertices);
      made.x = eastward(degrees(x, null, [], null));
      made.y = southward(degrees(y, null, [], null));
      made.items = vertices.length;
      made.box = boxes(made);
    } else if (!made.areas) {
      const [x, y] = rest.map(varints);
      made.x = eastward(degrees(x, null, [], null));
      made.y = southward(degrees(y, null, [], null));
      made.items = made.x.length;
    } else {
      const [parts, rings, x, y, fine] = rest.slice(0, 5).map(varints);
      made.partStart = starts(parts);
      made.ringStart = starts(rings);
      made.x = eastward(degrees(x, made.ringStart, fine, rest[5]));
      made.y = southward(degrees(y, made.ringStart, fine, rest[6]));
      made.items = parts.length;
      made.box = boxes(made);
    }
    made.row = new Uint32Array(made.items);
    for (let row = 0; row < made.count; row++) made.row.fill(row, made.first[row], made.first[row + 1]);
    return made;
  }

  // West, north, east and south of each part; the shell is its first ring.
  function boxes({ x, y, partStart, ringStart, items }) {
    const box = new Int32Array(4 * items);
    for (let part = 0; part < items; part++) {
      let west = HALF, north = HALF, east = -HALF, south = -HALF;
      for (let at = ringStart[partStart[part]]; at < ringStart[partStart[part] + 1]; at++) {
        west = Math.min(west, x[at]);
        east = Math.max(east, x[at]);
        north = Math.min(north, y[at]);
        south = Math.max(south, y[at]);
      }
      box.set([west, north, east, south], 4 * part);
    }
    return box;
  }

  // A table whose words are parsed when they are first asked for.
  function table({ header, sections }) {
    const columns = header.columns.map(({ section, label, unit, width, field }, number) => {
      let parsed = null;
      const words = () => (parsed ??= JSON.parse(new TextDecoder().decode(sections[2 * number])));
      const codes = sections[2 * number + 1];
      const code = (row) => {
        let value = 0;
        for (let byte = width - 1; byte >= 0; byte--) value = value * 256 + codes[byte * header.rows + row];
        return value;
      };
      const value = (row) => (width ? words()[code(row) - 1] : words()[row]) ?? null;
      // Calls `found` with each row whose text passes the test, row by row.
      const search = (passes, found) => {
        const passed = words().map((word) => typeof word === "string" && passes(word));
        if (!passed.includes(true)) return;
        for (let row = 0; row < header.rows; row++) if (passed[width ? code(row) - 1 : row]) found(row);
      };
      // Whether the word of a row passes, null for none; each word is looked at once.
      const test = (passes) => {
        const passed = words().map(passes), none = passes(null);
        return (row) => (width ? passed[code(row) - 1] ?? none : passed[row]);
      };
      return { section, label, unit, field, value, search, test };
    });
    return { name: columns[0], columns: columns.slice(1), field: (name) => columns.find(({ field }) => field === name) };
  }

  const toLatLng = (x, y) => L.CRS.EPSG3857.pointToLatLng(L.point((x / HALF + 1) * 128, (y / HALF + 1) * 128), 0);

  function fromLatLng(latlng) {
    const point = L.CRS.EPSG3857.latLngToPoint(L.latLng(latlng), 0);
    return { x: (point.x / 128 - 1) * HALF, y: (point.y / 128 - 1) * HALF };
  }

  return { HALF, UNDATED, unpack, shapes, table, toLatLng, fromLatLng };
})();
