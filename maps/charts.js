"use strict";

// The charts of the panel: how far events lie from a record, and the districts. What is clicked in them is shown on the map.
const registryCharts = (() => {
  const { element } = registryPopup;
  const MOST_DISTRICTS = 12;
  const WIDE = 308, TALL = 150, LEFT = 30, BOTTOM = 20, TOP = 10;
  let curve = null, marks = [];

  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  // `act` has what a click does: `choose` a band of distances (null for all), `goTo` a district.
  async function open(act) {
    curve = (await registryDecode.unpack("registry_curve"))?.header ?? null;
    if (curve) drawCurve(act.choose);
    const districts = registryChoropleth.ranking();
    if (districts.length) drawDistricts(districts, act.goTo);
  }

  const inBand = (band) => (band < curve.within.length ? curve.within[band] : curve.total) - (band ? curve.within[band - 1] : 0);
  const metres = (limit) => (limit < 1000 ? `${limit}` : `${limit / 1000}k`);

  // A band in words.
  function bandName(band) {
    const limits = curve.limit_m;
    if (band === 0) return say("inside a record");
    if (band === limits.length) return say("more than {limit} m away", { limit: say.number(limits[band - 1]) });
    return say("{from} to {to} m away", { from: say.number(limits[band - 1]), to: say.number(limits[band]) });
  }

  function bandText(band) {
    const all = say.number(curve.total);
    const here = say("Events {band}: {number} of {total}", { band: bandName(band), number: say.number(inBand(band)), total: all });
    if (band === 0 || band === curve.limit_m.length) return here;
    return `${here}; ${say("up to there: {number}", { number: say.number(curve.within[band]) })}`;
  }

  function drawCurve(choose) {
    const box = document.getElementById("curve");
    const bands = curve.limit_m.length + 1;
    const step = (WIDE - LEFT) / bands;
    const high = (number) => TOP + (TALL - TOP - BOTTOM) * (1 - number / curve.total);
    const drawing = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, class: "curve", role: "img", direction: "ltr" });
    drawing.setAttribute("aria-label", say("Events by their distance to the nearest record: of {total}, inside one {inside}, up to {limit} m away {near}. The table below has all numbers.", {
      inside: say.number(curve.within[0]), total: say.number(curve.total), near: say.number(curve.within[bands - 2]), limit: say.number(curve.limit_m[bands - 2]),
    }));
    for (const share of [0, 0.5, 1]) {
      const y = high(share * curve.total);
      drawing.append(svg("line", { x1: LEFT, x2: WIDE, y1: y, y2: y, class: "grid" }));
      drawing.append(svg("text", { x: LEFT - 4, y: y + 3.5, "text-anchor": "end" }, say.number(Math.round(share * curve.total))));
    }
    const said = document.getElementById("curve-said");
    const resting = say("Bars: events in the band. Line: all events up to there. Click a bar to see only its events.");
    said.textContent = resting;
    marks = [];
    for (let band = 0; band < bands; band++) {
      const x = LEFT + band * step;
      const bar = svg("rect", { x: x + 2, width: step - 4, y: high(inBand(band)), height: Math.max(0, high(0) - high(inBand(band))), class: band ? "column look-outside" : "column look-inside" });
      const target = svg("rect", { x, width: step, y: 0, height: TALL, class: "target" });
      const name = band === 0 ? say("inside") : band === bands - 1 ? say("more") : metres(curve.limit_m[band]);
      const group = svg("g", { class: "band" }, bar, svg("text", { x: x + step / 2, y: TALL - 7, "text-anchor": "middle" }, name), target);
      group.addEventListener("mouseenter", () => { said.textContent = bandText(band); });
      group.addEventListener("mouseleave", () => { said.textContent = resting; });
      group.addEventListener("click", () => choose(band));
      marks.push([group]);
      drawing.append(group);
    }
    const points = curve.within.map((number, band) => `${LEFT + (band + 0.5) * step},${high(number)}`);
    drawing.append(svg("polyline", { points: points.join(" "), class: "line" }));
    for (const point of points) {
      const [cx, cy] = point.split(",");
      drawing.append(svg("circle", { cx, cy, r: 2.4, class: "dot" }));
    }
    box.append(drawing);
    document.getElementById("curve-table").append(curveTable(choose));
    document.getElementById("curve-section").hidden = false;
  }

  function table(headings) {
    const made = element("table"), head = element("tr");
    for (const heading of headings) {
      const cell = element("th", "", heading);
      cell.scope = "col";
      head.append(cell);
    }
    made.append(head);
    return made;
  }

  function curveTable(choose) {
    const made = table([say("Distance"), say("Events"), say("up to there"), ""]);
    marks.forEach((parts, band) => {
      const line = element("tr"), button = element("button", "plain", say("Show"));
      button.type = "button";
      button.setAttribute("aria-label", say("Only these on the map: events {band}", { band: bandName(band) }));
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => choose(band));
      const last = element("td");
      last.append(button);
      line.append(element("td", "", bandName(band)), element("td", "", say.number(inBand(band))), element("td", "", band < curve.within.length ? say.number(curve.within[band]) : say.number(curve.total)), last);
      parts.push(button);
      made.append(line);
    });
    return made;
  }

  // Shows which band is chosen, null for none.
  function mark(chosen) {
    document.getElementById("curve")?.classList.toggle("one-chosen", chosen !== null);
    marks.forEach(([group, button], band) => {
      group.classList.toggle("chosen", band === chosen);
      button.setAttribute("aria-pressed", String(band === chosen));
    });
  }

  function drawDistricts(districts, goTo) {
    const list = document.getElementById("district-bars"), more = document.getElementById("more-districts");
    const most = Math.max(...districts.map(({ total }) => total));
    const lines = districts.map((each, number) => {
      const line = element("li");
      line.append(districtBar(each, most, goTo));
      line.hidden = number >= MOST_DISTRICTS;
      return line;
    });
    list.append(...lines);
    more.hidden = districts.length <= MOST_DISTRICTS;
    more.textContent = say("Show all districts with events ({number})", { number: districts.length });
    more.addEventListener("click", () => {
      for (const line of lines) line.hidden = false;
      more.hidden = true;
      lines[MOST_DISTRICTS].firstChild.focus();
    });
    const unplaced = registryChoropleth.unplaced();
    const said = document.getElementById("districts-said");
    said.textContent = unplaced ? say("Events in no district: {number}.", { number: say.number(unplaced) }) : "";
    document.getElementById("districts-section").hidden = false;
  }

  // One district as a button: its name, a bar in three parts, and the numbers.
  function districtBar({ layer, row, inside, near, outside, total }, most, goTo) {
    const few = total < 10;
    const button = element("button", few ? "few" : "");
    button.type = "button";
    const name = registryPopup.labelOf(layer, row);
    const drawing = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true", direction: "ltr" });
    let from = 0;
    for (const [look, number] of [["outside", outside], ["near", near], ["inside", inside]]) {
      const width = (100 * number) / most;
      if (number) drawing.append(svg("rect", { x: from, y: 0, width, height: 10, class: `look-${look}`, ...(few ? { "fill-opacity": 0.35 } : {}) }));
      if (number && few) drawing.append(svg("rect", { x: from, y: 0, width, height: 10, fill: "url(#hatch)" }));
      from += width;
    }
    button.append(element("span", "name", name), drawing, element("span", "count", `${say.number(near + outside)}/${say.number(total)}`));
    button.setAttribute("aria-label", say("{name}: events outside {outside}, outside but near a record {near}, inside {inside}; go there", { name, outside, near, inside }));
    button.title = say("Events outside {outside}, outside but near a record {near}, inside {inside}", { outside, near, inside });
    if (few) button.title += `; ${say("fewer than 10 events: no share")}`;
    button.addEventListener("click", () => goTo({ layer, row }));
    return button;
  }

  return { open, mark, bandName, bands: () => marks.length };
})();
