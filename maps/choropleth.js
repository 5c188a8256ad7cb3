"use strict";

// Districts shaded by the share of their events outside every record, with counts; what the comparison says of each.
const registryChoropleth = (() => {
  const HATCHED = { "share-few": [[1, -1]], "share-none": [[1, -1], [1, 1]] };
  const TILE = 8;
  const SHADED = () => document.documentElement.dataset.districts === "shaded";
  let data = null, layer = null, looks = [], spots = null;

  async function open(layers) {
    data = (await registryDecode.unpack("registry_shares"))?.header ?? null;
    if (!data) return;
    layer = layers.get(data.layer);
    layer.figures = figures;
  }

  const total = (row) => data.inside[row] + data.near[row] + data.outside[row];

  // What a popup says of a district: label and text.
  function figures(row) {
    const all = total(row);
    const lines = [[say("Events recorded in it"), say.number(all)]];
    if (!all) return lines;
    const of = (part) => say("{part} of {whole}", { part: say.number(part), whole: say.number(all) });
    lines.push([say("Outside every record"), of(data.near[row] + data.outside[row])]);
    lines.push([say("Share outside"), data.share[row] ?? say("not compared")]);
    lines.push([say("Outside, but near a record"), of(data.near[row])], [say("Inside a record"), of(data.inside[row])]);
    if (data.note[row]) lines.push([say("How far to trust the interval"), data.note[row]]);
    return lines;
  }

  // A pattern of lines that stays on the ground while the map is dragged.
  function hatch(ink, color, directions, view) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = TILE;
    const tile = canvas.getContext("2d");
    tile.strokeStyle = color;
    tile.lineWidth = 1.2;
    for (const [, down] of directions) {
      tile.beginPath();
      for (const shift of [-TILE, 0, TILE]) {
        tile.moveTo(shift, down > 0 ? 0 : TILE);
        tile.lineTo(shift + TILE, down > 0 ? TILE : 0);
      }
      tile.stroke();
    }
    const pattern = ink.createPattern(canvas, "repeat");
    pattern.setTransform(new DOMMatrix([1, 0, 0, 1, view.left % TILE, view.top % TILE]));
    return pattern;
  }

  const restyle = (styleOf) => {
    looks = data ? data.looks.map((name) => ({ name, style: styleOf(name, true) })) : [];
  };

  function paint(ink, each, view, ground) {
    if (each !== layer || !SHADED()) {
      registryDraw.areas(ink, each.shapes, each.styles[0], view);
      return;
    }
    looks.forEach(({ name, style }, look) => {
      const only = (row) => data.look[row] === look;
      registryDraw.areas(ink, each.shapes, { ...style, fill: true, fillColor: ground.paper, fillOpacity: 0.85 }, view, only);
      if (HATCHED[name]) registryDraw.areas(ink, each.shapes, { ...style, fill: true, fillColor: hatch(ink, style.color, HATCHED[name], view), fillOpacity: 0.8 }, view, only);
      else if (name !== "share-no-event") registryDraw.areas(ink, each.shapes, { ...style, color: ground.border, weight: 0.8 }, view, only);
    });
  }

  // The counts, above all else, but for discs.
  function label(ink, view, ground, discs) {
    if (!layer?.visible || !SHADED()) return;
    spots ??= data.look
      .map((_, row) => ({ ...widest(layer.shapes, row), text: `${say.number(data.near[row] + data.outside[row])}/${say.number(total(row))}`, all: total(row) }))
      .filter(({ room, all }) => room && all);
    registryDraw.labels(ink, spots, view, ground, discs);
  }

  // The widest place across the middle of a district's largest part, for a label.
  function widest({ x, y, box, first, partStart, ringStart }, row) {
    let part = first[row], most = -1;
    for (let each = first[row]; each < first[row + 1]; each++) {
      const size = (box[4 * each + 2] - box[4 * each]) * (box[4 * each + 3] - box[4 * each + 1]);
      if (size > most) {
        most = size;
        part = each;
      }
    }
    let best = { room: 0, x: (box[4 * part] + box[4 * part + 2]) / 2, y: (box[4 * part + 1] + box[4 * part + 3]) / 2 };
    for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const atY = box[4 * part + 1] + share * (box[4 * part + 3] - box[4 * part + 1]);
      const crossings = [];
      for (let ring = partStart[part]; ring < partStart[part + 1]; ring++) {
        const end = ringStart[ring + 1];
        for (let to = ringStart[ring], from = end - 1; to < end; from = to++) {
          if (y[to] > atY !== y[from] > atY) crossings.push(((x[from] - x[to]) * (atY - y[to])) / (y[from] - y[to]) + x[to]);
        }
      }
      crossings.sort((one, other) => one - other);
      for (let at = 0; at + 1 < crossings.length; at += 2) {
        const room = crossings[at + 1] - crossings[at];
        // The middle is the best place unless another is much wider.
        if (room > best.room * 1.3) best = { room, x: (crossings[at] + crossings[at + 1]) / 2, y: atY };
      }
    }
    return best;
  }

  // The districts with events, most outside first.
  function ranking() {
    if (!data) return [];
    return data.look
      .map((_, row) => ({ layer, row, inside: data.inside[row], near: data.near[row], outside: data.outside[row], total: total(row) }))
      .filter((each) => each.total)
      .sort((one, other) => other.near + other.outside - one.near - one.outside || other.total - one.total || one.row - other.row);
  }

  // A place well inside a district.
  function middle(row) {
    const { x, y } = widest(layer.shapes, row);
    return registryDecode.toLatLng(x, y);
  }

  return { open, paint, label, restyle, ranking, middle, unplaced: () => data?.unplaced ?? 0 };
})();
