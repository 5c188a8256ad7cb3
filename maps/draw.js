"use strict";

// Draws layers on a canvas: only what is in view, and no finer than the screen shows. Areas smaller than a pixel or two
// become dots, vertices closer than a pixel are left out, and events that crowd are drawn as one disc with their number.
const registryDraw = (() => {
  const { HALF } = registryDecode;
  const CLOSEST = 0.8;
  const DOT = 2;
  const SMALL = 6;
  const FAR = 2000;
  const CROWD_PIXELS = 64;
  const CROWD = 12;
  const CROWDS_BELOW_ZOOM = 16;
  const RIM = 2.5;
  const CHUNK = 64;

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

  // A canvas that moves and scales with the map, drawn anew whenever the map has moved.
  const Canvas = L.Renderer.extend({
    initialize(paint, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._paint = paint;
    },
    getEvents() {
      return { ...L.Renderer.prototype.getEvents.call(this), move: this._follow };
    },
    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
    },
    _destroyContainer() {
      this._container.remove();
      delete this._container;
    },
    // While the map is dragged beyond what was drawn; at every move where the edges of the view are drawn upon.
    _follow() {
      if (!this._bounds || this._map._animatingZoom || this._zoom !== this._map.getZoom()) return;
      const corner = this._map.containerPointToLayerPoint([0, 0]);
      if (!this._bounds.contains(L.bounds(corner, corner.add(this._map.getSize())))) this._update();
      else if (this.options.everyMove) this.redraw();
    },
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const { min } = this._bounds, size = this._bounds.getSize();
      const density = window.devicePixelRatio || 1;
      const canvas = this._container;
      L.DomUtil.setPosition(canvas, min);
      canvas.width = Math.round(size.x * density);
      canvas.height = Math.round(size.y * density);
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
      this.redraw();
    },
    redraw() {
      if (!this._map || !this._bounds) return;
      const view = viewOf(this._map, this._bounds.min, this._bounds.getSize());
      const density = window.devicePixelRatio || 1;
      const ink = this._container.getContext("2d");
      ink.setTransform(density, 0, 0, density, 0, 0);
      ink.clearRect(0, 0, view.width, view.height);
      ink.lineJoin = ink.lineCap = "round";
      this._paint(ink, view);
    },
  });

  // How positions become pixels: multiply by `scale`, add `left` and `top`; and the box of positions in view.
  function viewOf(map, corner, size) {
    const zoom = map.getZoom();
    const scale = (128 * 2 ** zoom) / HALF;
    const origin = map.getPixelOrigin().add(corner);
    const left = HALF * scale - origin.x, top = HALF * scale - origin.y;
    const position = (pixel, shift) => (pixel - shift) / scale;
    const margin = 12;
    const box = [position(-margin, left), position(-margin, top), position(size.x + margin, left), position(size.y + margin, top)];
    const density = window.devicePixelRatio || 1;
    return { zoom, scale, left, top, width: size.x, height: size.y, box, density };
  }

  // The rings of a part as a path.
  function trace(ink, shapes, part, view) {
    const { x, y, box, partStart, ringStart } = shapes;
    const { scale, left, top } = view;
    const vast = (box[4 * part + 2] - box[4 * part]) * scale > FAR || (box[4 * part + 3] - box[4 * part + 1]) * scale > FAR;
    for (let ring = partStart[part]; ring < partStart[part + 1]; ring++) {
      if (vast) {
        (shapes.open ? traceNearView : traceClipped)(ink, shapes, ring, view);
        continue;
      }
      const start = ringStart[ring], end = ringStart[ring + 1];
      let lastX = x[start] * scale + left, lastY = y[start] * scale + top;
      ink.moveTo(lastX, lastY);
      for (let at = start + 1; at < end; at++) {
        const nextX = x[at] * scale + left, nextY = y[at] * scale + top;
        if (Math.abs(nextX - lastX) < CLOSEST && Math.abs(nextY - lastY) < CLOSEST) continue;
        ink.lineTo((lastX = nextX), (lastY = nextY));
      }
      if (!shapes.open) ink.closePath();
    }
  }

  // A line much longer than the view: only the pieces that may cross it.
  function traceNearView(ink, { x, y, ringStart }, ring, { scale, left, top, width, height }) {
    let lastX = Infinity, lastY = Infinity, drawing = false;
    for (let at = ringStart[ring]; at < ringStart[ring + 1]; at++) {
      const nextX = x[at] * scale + left, nextY = y[at] * scale + top;
      const crosses = Math.max(lastX, nextX) > -50 && Math.min(lastX, nextX) < width + 50 && Math.max(lastY, nextY) > -50 && Math.min(lastY, nextY) < height + 50;
      if (crosses && lastX !== Infinity) {
        if (!drawing) ink.moveTo(lastX, lastY);
        ink.lineTo(nextX, nextY);
      }
      drawing = crosses && lastX !== Infinity;
      lastX = nextX;
      lastY = nextY;
    }
  }

  // A ring much larger than the view, cut at a frame around it (Sutherland and Hodgman): what is cut is out of sight.
  function traceClipped(ink, { x, y, ringStart }, ring, { scale, left, top, width, height }) {
    let corners = [];
    let lastX = Infinity, lastY = Infinity;
    for (let at = ringStart[ring]; at < ringStart[ring + 1]; at++) {
      const nextX = x[at] * scale + left, nextY = y[at] * scale + top;
      if (Math.abs(nextX - lastX) < CLOSEST && Math.abs(nextY - lastY) < CLOSEST) continue;
      corners.push([(lastX = nextX), (lastY = nextY)]);
    }
    for (const [axis, sign, limit] of [[0, 1, -50], [0, -1, -width - 50], [1, 1, -50], [1, -1, -height - 50]]) {
      const kept = [];
      corners.forEach((to, number) => {
        const from = corners[(number || corners.length) - 1];
        const before = sign * from[axis] - limit, after = sign * to[axis] - limit;
        if (before >= 0 !== after >= 0) {
          const share = before / (before - after);
          kept.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
        }
        if (after >= 0) kept.push(to);
      });
      corners = kept;
    }
    if (corners.length) outline(ink, corners);
  }

  // Areas or lines in one style; `only` says which rows, all where it is not given.
  function areas(ink, shapes, style, view, only = () => true) {
    const { box, row, invalid } = shapes;
    const { scale, left, top } = view;
    const drawn = [];
    let taken = null;
    ink.fillStyle = style.color;
    ink.globalAlpha = 0.8;
    registryFind.within(shapes, view.box, (part) => {
      if (!only(row[part])) return;
      const wide = (box[4 * part + 2] - box[4 * part]) * scale, tall = (box[4 * part + 3] - box[4 * part + 1]) * scale;
      if (wide >= DOT || tall >= DOT) {
        drawn.push(part);
        return;
      }
      // One dot to a pixel is enough.
      const pixelX = Math.round(box[4 * part] * scale + left), pixelY = Math.round(box[4 * part + 1] * scale + top);
      const pixel = pixelY * view.width + pixelX;
      taken ??= new Uint8Array(view.width * view.height);
      if (pixelX >= 0 && pixelX < view.width && pixelY >= 0 && pixelY < view.height && !taken[pixel]) {
        taken[pixel] = 1;
        ink.fillRect(pixelX, pixelY, DOT, DOT);
      }
    });
    const large = [], broken = [];
    for (const part of drawn) {
      if (invalid[row[part]]) {
        broken.push(part);
        continue;
      }
      const small = style.fill && Math.max(box[4 * part + 2] - box[4 * part], box[4 * part + 3] - box[4 * part + 1]) * scale < SMALL;
      if (!small) large.push(part);
      if (!style.fill) continue;
      // The outline of a small one would cover it: it is filled as strongly instead.
      ink.globalAlpha = small ? 0.7 : style.fillOpacity;
      ink.fillStyle = style.fillColor;
      ink.beginPath();
      trace(ink, shapes, part, view);
      ink.fill("evenodd");
    }
    outlines(ink, shapes, large, { ...style, alpha: 0.95 }, view);
    ink.globalAlpha = 0.06;
    ink.fillStyle = style.fillColor;
    for (const part of broken) {
      ink.beginPath();
      trace(ink, shapes, part, view);
      ink.fill("evenodd");
    }
    outlines(ink, shapes, broken, { ...style, dash: style.invalidDash, alpha: 0.95 }, view);
  }

  function outlines(ink, shapes, parts, { color, weight, dash, alpha }, view) {
    ink.strokeStyle = color;
    ink.lineWidth = weight;
    ink.globalAlpha = alpha;
    ink.setLineDash(dash);
    for (let start = 0; start < parts.length; start += CHUNK) {
      ink.beginPath();
      for (const part of parts.slice(start, start + CHUNK)) trace(ink, shapes, part, view);
      ink.stroke();
    }
    ink.setLineDash([]);
    ink.globalAlpha = 1;
  }

  const markRadius = (zoom) => (zoom < 8 ? 3 : zoom < 10 ? 3.5 : zoom < 12 ? 4.5 : zoom < 14 ? 5.5 : 7);

  function mark(ink, style, x, y, r) {
    ink.beginPath();
    SHAPES[style.shape](ink, x, y, r);
    if (style.fillColor) {
      ink.globalAlpha = style.fillOpacity;
      ink.fillStyle = style.fillColor;
      ink.fill();
    }
    ink.globalAlpha = 1;
    ink.strokeStyle = style.color;
    ink.lineWidth = style.weight;
    ink.stroke();
  }

  // A mark drawn once and copied.
  function stamp(style, r, density) {
    const half = Math.ceil(r * 1.3 + 2);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(2 * half * density);
    const ink = canvas.getContext("2d");
    ink.scale(density, density);
    ink.lineJoin = "round";
    mark(ink, style, half, half, r);
    return { canvas, half, size: canvas.width / density };
  }

  const isHidden = ({ mask, row }, item) => mask !== null && !mask[row[item]];

  // How many points lie in each square of the ground about 64 pixels wide; squares do not move with the view, so that a
  // number stays the same while the map is dragged.
  function crowds(layers, view) {
    const side = 2 ** (31 - Math.round(view.zoom) - Math.log2(256 / CROWD_PIXELS));
    const [west, north, east, south] = view.box.map((edge) => Math.floor(edge / side));
    const wide = east - west + 1, tall = south - north + 1;
    const counts = new Uint32Array(wide * tall);
    const squareOf = (x, y) => (Math.floor(y / side) - north) * wide + Math.floor(x / side) - west;
    const box = [west * side, north * side, (east + 1) * side - 1, (south + 1) * side - 1];
    for (const { shapes } of layers) {
      registryFind.within(shapes, box, (item) => {
        if (!isHidden(shapes, item)) counts[squareOf(shapes.x[item], shapes.y[item])]++;
      });
    }
    const most = view.zoom < CROWDS_BELOW_ZOOM ? CROWD : Infinity;
    const isCrowd = (x, y) => {
      const column = Math.floor(x / side) - west, line = Math.floor(y / side) - north;
      return column >= 0 && column < wide && line >= 0 && line < tall && counts[line * wide + column] > most;
    };
    // The middle of a disc, moved so that the disc stays in the square of its crowd and covers no other.
    const within = (value, r) => {
      const start = Math.floor(value / side) * side;
      return Math.max(start + r / view.scale, Math.min(start + side - r / view.scale, value));
    };
    return { box, counts, squareOf, isCrowd, within, most: side * view.scale / 2 };
  }

  // The points of layers that belong together; gives back the crowds it drew, for clicks.
  function points(ink, layers, view, ground) {
    const { box, counts, squareOf, isCrowd, within, most } = crowds(layers, view);
    const discs = new Array(counts.length);
    const r = markRadius(view.zoom);
    for (const { shapes, styles } of layers) {
      const stamps = styles.map((style) => stamp(style, r, view.density));
      const taken = styles.map(() => new Uint8Array((view.width + 1) * (view.height + 1)));
      registryFind.within(shapes, box, (item) => {
        if (isHidden(shapes, item)) return;
        const x = shapes.x[item], y = shapes.y[item], look = shapes.look[shapes.row[item]];
        if (isCrowd(x, y)) {
          const disc = (discs[squareOf(x, y)] ??= { x: 0, y: 0, count: 0, looks: new Map(), west: x, north: y, east: x, south: y });
          disc.x += x;
          disc.y += y;
          disc.count++;
          if (x < disc.west) disc.west = x;
          if (x > disc.east) disc.east = x;
          if (y < disc.north) disc.north = y;
          if (y > disc.south) disc.south = y;
          disc.looks.set(styles[look], (disc.looks.get(styles[look]) ?? 0) + 1);
          return;
        }
        const pixelX = Math.round(x * view.scale + view.left), pixelY = Math.round(y * view.scale + view.top);
        if (pixelX < 0 || pixelX > view.width || pixelY < 0 || pixelY > view.height) return;
        const pixel = pixelY * (view.width + 1) + pixelX;
        if (taken[look][pixel]) return;
        taken[look][pixel] = 1;
        const { canvas, half, size } = stamps[look];
        ink.drawImage(canvas, pixelX - half, pixelY - half, size, size);
      });
    }
    const drawn = discs.filter(Boolean);
    for (const disc of drawn) {
      disc.r = Math.min(12 + 2.2 * Math.log10(disc.count), most - RIM);
      disc.x = within(disc.x / disc.count, disc.r + RIM);
      disc.y = within(disc.y / disc.count, disc.r + RIM);
      drawDisc(ink, disc, disc.x * view.scale + view.left, disc.y * view.scale + view.top, ground);
    }
    return { discs: drawn, isCrowd };
  }

  // A disc with a number; its rim is shared out by class, in the order of the legend.
  function drawDisc(ink, { r, count, looks }, x, y, { paper, text }) {
    ink.globalAlpha = 0.92;
    ink.fillStyle = paper;
    ink.beginPath();
    ink.arc(x, y, r + RIM, 0, 2 * Math.PI);
    ink.fill();
    ink.globalAlpha = 1;
    ink.lineWidth = 4;
    ink.lineCap = "butt";
    let from = -Math.PI / 2;
    for (const [style, number] of [...looks].sort(([one], [other]) => one.order - other.order)) {
      const to = from + (2 * Math.PI * number) / count;
      ink.strokeStyle = style.tint;
      ink.beginPath();
      ink.arc(x, y, r, from, to);
      ink.stroke();
      from = to;
    }
    ink.lineCap = "round";
    ink.fillStyle = text;
    ink.font = "600 11px system-ui, sans-serif";
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.fillText(count < 10000 ? String(count) : `${Math.round(count / 1000)}k`, x, y + 0.5);
  }

  // One feature, above all others.
  function highlight(ink, { shapes, styles }, row, view, color) {
    for (let item = shapes.first[row]; item < shapes.first[row + 1]; item++) {
      if (shapes.areas) outlines(ink, shapes, [item], { color, weight: 3, dash: [], alpha: 1 }, view);
      else {
        const style = { ...styles[shapes.look[row]], color, weight: 3 };
        mark(ink, style, shapes.x[item] * view.scale + view.left, shapes.y[item] * view.scale + view.top, markRadius(view.zoom));
      }
    }
  }

  // Small squares, for points that are no events.
  function dots(ink, shapes, style, view) {
    ink.fillStyle = style.tint;
    registryFind.within(shapes, view.box, (item) => {
      ink.fillRect(Math.round(shapes.x[item] * view.scale + view.left) - 1, Math.round(shapes.y[item] * view.scale + view.top) - 1, 3, 3);
    });
  }

  // Short texts with a rim in the colour of the page, where they find room: `{ text, x, y, room }`, all but the text on
  // the Mercator square. The first come first; none covers a disc, given in pixels around its middle.
  function labels(ink, entries, view, { paper, text: color }, discs = []) {
    ink.font = "600 11px system-ui, sans-serif";
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.lineWidth = 3;
    ink.strokeStyle = paper;
    ink.fillStyle = color;
    const taken = discs.map((disc) => ({ x: disc.x * view.scale + view.left, y: disc.y * view.scale + view.top, half: disc.r + RIM, tall: disc.r + RIM }));
    for (const { text, x: atX, y: atY, room } of entries) {
      const x = atX * view.scale + view.left, y = atY * view.scale + view.top;
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      const half = ink.measureText(text).width / 2 + 3;
      if (2 * half > room * view.scale) continue;
      if (taken.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < other.tall + 7)) continue;
      taken.push({ x, y, half, tall: 7 });
      ink.strokeText(text, x, y);
      ink.fillText(text, x, y);
    }
  }

  // A circle on the ground around a point, its radius on the Mercator square.
  function circle(ink, { x, y, radius }, view, color) {
    ink.beginPath();
    ink.arc(x * view.scale + view.left, y * view.scale + view.top, radius * view.scale, 0, 2 * Math.PI);
    ink.globalAlpha = 0.12;
    ink.fillStyle = color;
    ink.fill();
    ink.globalAlpha = 1;
    ink.strokeStyle = color;
    ink.lineWidth = 1.5;
    ink.setLineDash([5, 3]);
    ink.stroke();
    ink.setLineDash([]);
  }

  return { Canvas, areas, points, dots, labels, circle, highlight, markRadius, isHidden, trace };
})();
