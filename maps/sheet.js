"use strict";

// One sheet of paper: the view drawn anew at the size of the paper, with title, scale, grid, legend and notice.
const registrySheet = (() => {
  const { element } = registryPopup;
  const { HALF } = registryDecode;
  const root = document.documentElement;
  const PAPERS = { A4: [210, 297], A3: [297, 420] };
  const MM_PER_PIXEL = 25.4 / 96;
  // So many pixels of the canvas may a browser hold; finer than this no printer shows.
  const MOST_PIXELS = 16e6;
  const FINEST = 3;
  const NEAT = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5];
  const BAR_MM = 45;
  const MARGIN = 12;
  const SVG = "http://www.w3.org/2000/svg";
  const chosen = { paper: "A4", turned: "landscape", grid: null };
  let sheet = null, rule = null;

  // Metres on the ground that a pixel of the Mercator square covers, the mean of both directions on the ellipsoid.
  function metresPerPixel(lat, zoom) {
    const sine = Math.sin((lat * Math.PI) / 180), squared = 0.00669437999014;
    const below = 1 - squared * sine * sine;
    const along = (6378137 * (1 - squared)) / below ** 1.5, across = 6378137 / Math.sqrt(below);
    return (Math.sqrt(along * across) * Math.cos((lat * Math.PI) / 180) * 2 * Math.PI) / (256 * 2 ** zoom);
  }

  const ratio = (lat, zoom) => metresPerPixel(lat, zoom) / (MM_PER_PIXEL / 1000);

  // The neat scale at which all that is seen fits on the paper, and the zoom that has it.
  function scaleFor(map, width, height) {
    const { lat } = map.getCenter(), size = map.getSize(), zoom = map.getZoom();
    const fitting = zoom + Math.log2(Math.min(width / size.x, height / size.y));
    const least = ratio(lat, fitting);
    const power = 10 ** Math.floor(Math.log10(least));
    const denominator = [...NEAT, 10].map((step) => step * power).find((each) => each >= least * (1 - 1e-9));
    return { denominator, zoom: fitting - Math.log2(denominator / least) };
  }

  function viewAt(center, zoom, width, height, density) {
    const scale = (128 * 2 ** zoom) / HALF;
    const { x, y } = registryDecode.fromLatLng(center);
    const left = width / 2 - x * scale, top = height / 2 - y * scale;
    // A little more than the frame, so that lines go through its edges.
    const position = (pixel, shift) => (pixel - shift) / scale;
    const box = [position(-MARGIN, left), position(-MARGIN, top), position(width + MARGIN, left), position(height + MARGIN, top)];
    return { zoom, scale, left, top, width, height, box, density };
  }

  function canvasOf({ width, height, density }) {
    const canvas = element("canvas");
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const ink = canvas.getContext("2d");
    ink.scale(density, density);
    ink.lineJoin = ink.lineCap = "round";
    return [canvas, ink];
  }

  const counted = (value) => say.number(Number(value.toPrecision(3)));

  function scaleBar(lat, zoom) {
    const perMm = metresPerPixel(lat, zoom) / MM_PER_PIXEL;
    const most = BAR_MM * perMm, power = 10 ** Math.floor(Math.log10(most));
    const metres = [5, 2, 1].find((step) => step * power <= most) * power;
    const bar = element("div", "bar-of-scale");
    const length = element("div", "length");
    length.style.width = `${metres / perMm}mm`;
    const parts = element("div", "ends");
    const unit = metres < 1000 ? "m" : "km";
    parts.append(element("span", "", "0"), element("span", "", `${counted(metres < 1000 ? metres : metres / 1000)} ${unit}`));
    parts.style.width = length.style.width;
    bar.append(length, parts);
    return bar;
  }

  function northArrow() {
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 24 40");
    drawing.setAttribute("class", "north");
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", say("North is up"));
    const arrow = document.createElementNS(SVG, "path"), letter = document.createElementNS(SVG, "text");
    arrow.setAttribute("d", "M12 2 19 26 12 21 5 26Z");
    letter.setAttribute("x", "12");
    letter.setAttribute("y", "38");
    letter.setAttribute("text-anchor", "middle");
    letter.textContent = say("N");
    drawing.append(arrow, letter);
    return drawing;
  }

  // What is switched on, with its mark, kind by kind and batch by batch; then what the other marks mean.
  function legend() {
    const list = element("ul", "shown");
    for (const group of document.querySelectorAll(".panel fieldset")) {
      const shown = [...group.querySelectorAll("[data-layer]")].filter((box) => box.checked);
      if (shown.length) list.append(element("li", "heading", group.querySelector("legend").textContent));
      for (const box of shown) {
        const line = element("li", "layer-of-sheet");
        const label = box.closest(".layer"), batch = box.dataset.key.split(":")[1];
        const name = `${label.querySelector(".name").textContent}${batch ? ` (${batch})` : ""}`;
        const byParty = root.dataset.records === "party" && label.querySelector(".by-party .swatch");
        line.append((byParty || label.querySelector(".swatch")).cloneNode(true), element("span", "", name));
        list.append(line);
      }
    }
    const marks = element("ul", "marks");
    for (const line of document.querySelectorAll(".legend li:not(.on-screen)")) marks.append(line.cloneNode(true));
    return [list, marks];
  }

  function scaleWords(map, { denominator, zoom }, view) {
    const words = [say("1 : {number} when printed at full size, in the middle of the sheet", { number: counted(denominator) })];
    const edge = (pixel) => registryDecode.toLatLng(0, (pixel - view.top) / view.scale).lat;
    const [north, south] = [0, view.height].map((pixel) => ratio(edge(pixel), zoom));
    if (Math.abs(north / south - 1) > 0.01) {
      words.push(say("1 : {north} at its upper edge, 1 : {south} at its lower edge", { north: counted(north), south: counted(south) }));
    }
    return words;
  }

  function titleBlock(map, scale, view, cautions) {
    const block = element("div", "block");
    const head = element("div", "head");
    head.append(document.querySelector(".bar h1").cloneNode(true));
    const facts = element("ul", "facts");
    for (const phrase of document.querySelectorAll(".bar p span")) facts.append(element("li", "", phrase.textContent));
    const today = new Date();
    const date = new Date(today - today.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
    facts.append(element("li", "", say("Printed on {date}", { date })));
    for (const note of [...cautions, ...registryLink.notes()]) facts.append(element("li", "note", note));
    head.append(facts);
    const measure = element("div", "measure");
    const grid = { degrees: say("Grid: degrees, WGS 84"), mgrs: say("Grid: MGRS, WGS 84"), off: null }[gridOf()];
    const row = element("div", "scale");
    row.append(scaleBar(map.getCenter().lat, scale.zoom), northArrow());
    measure.append(row);
    for (const words of [...scaleWords(map, scale, view), say("Mercator projection"), grid]) {
      if (words) measure.append(element("p", "", words));
    }
    const key = element("div", "key");
    key.append(...legend());
    block.append(head, measure, key);
    return block;
  }

  const gridOf = () => chosen.grid ?? (registryOverlay.kind() === "off" ? "mgrs" : registryOverlay.kind());

  // What does not fit is left out with its number, never in silence.
  function shorten(block) {
    const key = block.querySelector(".key");
    const lines = [...key.querySelectorAll(".layer-of-sheet")];
    const isTooLong = () => key.scrollHeight > key.clientHeight + 1 || key.scrollWidth > key.clientWidth + 1;
    let left = 0;
    const rest = element("p", "note");
    while (isTooLong() && lines.length) {
      const last = lines.pop(), heading = last.previousElementSibling;
      last.remove();
      if (heading.className === "heading" && heading === key.querySelector(".shown").lastElementChild) heading.remove();
      left++;
      rest.textContent = say("Shown, but not listed for want of room: {count}", { count: left });
      key.querySelector(".shown").after(rest);
    }
  }

  function warnings() {
    const notes = document.querySelectorAll("body > .restricted:not(.trouble), body > .left-out, body > .unreviewed");
    return [...notes].map((note) => note.cloneNode(true));
  }

  function lay(map, draw, cautions) {
    clear();
    root.setAttribute("data-on-paper", "");
    const [short, long] = PAPERS[chosen.paper];
    const [width, height] = chosen.turned === "landscape" ? [long, short] : [short, long];
    const styles = document.styleSheets[document.styleSheets.length - 1];
    rule = styles.insertRule(`@page { size: ${width}mm ${height}mm; margin: 0; }`, styles.cssRules.length);
    sheet = element("section", `sheet ${chosen.turned} ${chosen.paper}`);
    sheet.style.width = `${width}mm`;
    // A hair less than the paper, or its rounding would begin another page.
    sheet.style.height = `${height - 0.4}mm`;
    const frame = element("div", "frame");
    const above = element("div", "above"), below = element("div", "below");
    above.append(...warnings());
    below.append(document.querySelector("body > .notice").cloneNode(true));
    const block = element("div", "block");
    sheet.append(above, frame, block, below);
    document.body.append(sheet);
    const [wide, tall] = [Math.floor(frame.clientWidth), Math.floor(frame.clientHeight)];
    const scale = scaleFor(map, wide, tall);
    const density = Math.min(FINEST, Math.sqrt(MOST_PIXELS / (wide * tall)));
    const view = viewAt(map.getCenter(), scale.zoom, wide, tall, density);
    const [canvas, ink] = canvasOf(view);
    draw(ink, view);
    if (gridOf() !== "off") {
      const edges = { left: 0, top: 0, right: wide, bottom: tall };
      registryGraticule.paint(ink, view, gridOf(), edges, ["top", "right", "bottom", "left"], registryOverlay.ground());
    }
    frame.append(canvas);
    const filled = titleBlock(map, scale, view, cautions);
    block.replaceWith(filled);
    shorten(filled);
  }

  function clear() {
    if (rule !== null) document.styleSheets[document.styleSheets.length - 1].deleteRule(rule);
    rule = null;
    sheet?.remove();
    sheet = null;
    root.removeAttribute("data-on-paper");
  }

  // `draw(ink, view)` draws what the map shows in the colours of the moment; `restyle()` draws the screen anew; `cautions`
  // are said of the records wherever it is said what they cover.
  function listen(map, draw, restyle, cautions) {
    const dialog = element("dialog", "print");
    const title = element("h2", "", say("Print this view"));
    title.id = "print-title";
    dialog.setAttribute("aria-labelledby", title.id);
    const { choice, choose, plainButton } = registryControls;
    const papers = Object.keys(PAPERS).map((name) => [name, name]);
    const turns = [["landscape", say("Landscape")], ["portrait", say("Portrait")]];
    const grids = choice("print-grid", say("Grid"), registryOverlay.choices(), gridOf(), (kind) => { chosen.grid = kind; });
    const row = element("div", "buttons");
    row.append(
      plainButton(say("Print"), () => {
        dialog.close();
        window.print();
      }),
      plainButton(say("Close"), () => dialog.close()),
    );
    dialog.append(
      title,
      choice("paper", say("Paper"), papers, chosen.paper, (paper) => { chosen.paper = paper; }),
      choice("turned", say("Orientation"), turns, chosen.turned, (turned) => { chosen.turned = turned; }),
      grids,
      element("p", "hint", say("All that is in view is printed at a round scale. Choose the same paper in your browser, and no scaling.")),
      row,
    );
    document.body.append(dialog);
    registryControls.button(map, "print", say("Print this view"), () => {
      choose(grids, gridOf());
      dialog.showModal();
    });
    window.addEventListener("beforeprint", () => lay(map, draw, cautions));
    window.addEventListener("afterprint", clear);
    // The colours of the screen hold again once nothing is for paper any more.
    window.matchMedia("print").addEventListener("change", ({ matches }) => matches || restyle());
    window.addEventListener("afterprint", () => requestAnimationFrame(restyle));
  }

  return { listen };
})();
