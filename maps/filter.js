"use strict";

// What the reader chose to see: layers, days, classes, devices, a distance, colours. It is kept in one value, and what
// follows from it for each feature is worked out once when it changes, never while the map moves.
const registryFilter = (() => {
  const MILLISECONDS = 86400000;
  const DAY = /^\d{4}-\d{2}-\d{2}$/;
  const CHOICES = { records: ["batch", "party"], districts: ["outlined", "shaded"] };
  // What must be said when it is not drawn.
  const COUNTED = {
    accidents: say.mark("events {hidden} of {total}"),
    minefields: say.mark("records {hidden} of {total}"),
    devices: say.mark("devices found {hidden} of {total}"),
    surveyed: say.mark("surveyed areas {hidden} of {total}"),
  };
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const number = (day) => Math.floor(Date.parse(day) / MILLISECONDS);
  const keyOf = (box) => box.dataset.key;
  const wordOf = (box) => (box.hasAttribute("data-none") ? null : box.dataset.device);
  const BOXES = {
    classes: ["[data-class]", (box) => box.dataset.class],
    devices: ["[data-device]", wordOf],
    layers: ["[data-layer]", keyOf],
  };
  let layers = [], boxes = [], chosen = {}, setSlider = () => {}, changed = () => {};

  // The choice as plain values of JSON: what is not in it is as the page opens. `classes`, `devices` and `layers` are
  // those left out; `devices` has null for those not stated, `layers` "kind:batch".
  const state = () => JSON.parse(JSON.stringify(chosen));

  // Takes a choice, also one from elsewhere: what it cannot mean is left out of it.
  function apply(wanted) {
    const next = {}, given = wanted ?? {};
    for (const name of ["from", "to", "until"]) if (DAY.test(given[name]) && !Number.isNaN(Date.parse(given[name]))) next[name] = given[name];
    if (given.undated === false) next.undated = false;
    for (const [name, [selector, value]] of Object.entries(BOXES)) {
      const left = Array.isArray(given[name]) ? all(selector).map(value).filter((each) => given[name].includes(each)) : [];
      if (left.length) next[name] = left;
    }
    if (Number.isInteger(given.band) && given.band >= 0 && given.band < registryCharts.bands()) next.band = given.band;
    for (const [name, choices] of Object.entries(CHOICES)) if (choices.slice(1).includes(given[name])) next[name] = given[name];
    chosen = next;
    show();
  }

  function read(text) {
    try {
      return JSON.parse(text ?? "{}");
    } catch (error) {
      // Whoever wrote the link, there is nothing to read.
      if (error instanceof SyntaxError) return {};
      throw error;
    }
  }

  // What a link to a view holds of the choice; layers and the day are parts of their own in it.
  const linked = {
    name: "filter",
    state: () => {
      const { layers: ignored, until, ...rest } = chosen;
      return Object.keys(rest).length ? JSON.stringify(rest) : null;
    },
    apply: (text) => apply({ ...read(text), layers: chosen.layers, until: chosen.until }),
    said: () => (document.getElementById("filtered").hidden ? null : document.getElementById("filtered-said").textContent),
  };

  const choose = (part) => apply({ ...chosen, ...part });

  // All that hides anything is taken back; colours stay.
  function clear() {
    const kept = (chosen.layers ?? []).filter((key) => !boxes.some((box) => keyOf(box) === key && box.dataset.kind in COUNTED));
    apply({ records: chosen.records, districts: chosen.districts, layers: kept });
  }

  // The first and the last day that a date as recorded can mean: a year, a month or a day.
  function span(word) {
    const [year, month, day] = `${word}`.split("-");
    if (day) return [number(word), number(word)];
    const last = month ? new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate() : 31;
    return [number(`${year}-${month ?? "01"}-01`), number(`${year}-${month ?? "12"}-${last}`)];
  }

  // For each reason to leave out features of a layer, whether a row stays.
  function tests({ shapes, table }) {
    const { kind, looks } = shapes.header;
    const found = [];
    const byWord = (field, passes) => {
      const column = table.field(field);
      found.push(column ? column.test(passes) : () => passes(null));
    };
    if (kind === "accidents") {
      if (chosen.classes) {
        const stays = looks.map((name) => !chosen.classes.includes(name));
        found.push((row) => stays[shapes.look[row]]);
      }
      if (chosen.band !== undefined) byWord("band", (band) => band === chosen.band);
      if (chosen.from || chosen.to || chosen.undated === false) {
        const from = chosen.from ? number(chosen.from) : -Infinity, to = chosen.to ? number(chosen.to) : Infinity;
        byWord("occurred_on", (word) => {
          if (word === null) return chosen.undated !== false;
          const [first, last] = span(word);
          return last >= from && first <= to;
        });
      }
      if (chosen.until && shapes.day) {
        const until = number(chosen.until);
        found.push((row) => shapes.day[row] <= until);
      }
    }
    if (chosen.devices && (kind === "accidents" || kind === "devices")) byWord("device_category", (word) => !chosen.devices.includes(word));
    return found;
  }

  // Which rows of each layer are drawn, and how many are not.
  function work() {
    for (const layer of layers) {
      const { shapes } = layer;
      layer.early = Boolean(chosen.until) && (shapes.header.given ?? -Infinity) > number(chosen.until);
      const each = tests(layer);
      shapes.mask = null;
      layer.hidden = layer.visible && !layer.early ? 0 : shapes.count;
      if (!each.length) continue;
      const mask = new Uint8Array(shapes.count);
      let drawn = 0;
      for (let row = 0; row < shapes.count; row++) drawn += mask[row] = each.every((stays) => stays(row)) ? 1 : 0;
      shapes.mask = mask;
      if (!layer.hidden) layer.hidden = shapes.count - drawn;
    }
  }

  // What filters are on, in words.
  function reasons() {
    const off = boxes.some((box) => !box.checked && box.dataset.kind in COUNTED);
    const named = {
      [say("date")]: chosen.from || chosen.to || chosen.undated === false,
      [say("class")]: chosen.classes,
      [say("device")]: chosen.devices,
      [say("distance: {band}", { band: chosen.band === undefined ? "" : registryCharts.bandName(chosen.band) })]: chosen.band !== undefined,
      [say("known by {day}", { day: chosen.until })]: chosen.until,
      [say("layers switched off")]: off,
    };
    return Object.keys(named).filter((name) => named[name]);
  }

  function tell() {
    const bar = document.getElementById("filtered"), why = reasons();
    bar.hidden = !why.length;
    if (!why.length) return;
    const parts = Object.entries(COUNTED).flatMap(([kind, text]) => {
      const of = layers.filter(({ shapes }) => shapes.header.kind === kind);
      const sum = (value) => of.reduce((so, each) => so + value(each), 0);
      const hidden = sum((each) => each.hidden), total = sum(({ shapes }) => shapes.count);
      return hidden ? [say(text, { hidden: say.number(hidden), total: say.number(total) })] : [];
    });
    const what = parts.length ? say("Not drawn: {parts}.", { parts: parts.join("; ") }) : say("Nothing is hidden by it.");
    document.getElementById("filtered-said").textContent = `${say("Filter on ({reasons}).", { reasons: why.join("; ") })} ${what}`;
  }

  // Brings controls, layers and map to what is chosen.
  function show() {
    for (const [name, choices] of Object.entries(CHOICES)) {
      root.dataset[name] = chosen[name] ?? choices[0];
      for (const radio of all(`[data-choice="${name}"]`)) radio.checked = radio.value === root.dataset[name];
    }
    for (const [name, [selector, value]] of Object.entries(BOXES)) {
      for (const box of all(selector)) box.checked = !chosen[name]?.includes(value(box));
    }
    for (const box of boxes) for (const layer of layersOf(box)) layer.visible = box.checked;
    for (const name of ["from", "to"]) {
      const input = document.getElementById(name);
      if (input && input.value !== (chosen[name] ?? "")) input.value = chosen[name] ?? "";
    }
    const undated = document.getElementById("undated");
    if (undated) undated.checked = chosen.undated !== false;
    setSlider(chosen.until ? number(chosen.until) : Infinity);
    work();
    tell();
    registryCharts.mark(chosen.band ?? null);
    changed();
  }

  const layersOf = (box) => box.dataset.layer.split(" ").map((name) => layers.find((layer) => layer.name === name));
  const unchecked = ([selector, value]) => all(selector).filter((box) => !box.checked).map(value);

  // The devices that events and finds name, most frequent first.
  function listDevices() {
    const counts = new Map();
    for (const { shapes, table } of layers) {
      if (!["accidents", "devices"].includes(shapes.header.kind)) continue;
      const column = table.field("device_category");
      for (let row = 0; row < shapes.count; row++) {
        const word = column ? column.value(row) : null;
        counts.set(word, (counts.get(word) ?? 0) + 1);
      }
    }
    const fieldset = document.getElementById("filter-devices");
    if (!fieldset || [...counts.keys()].every((word) => word === null)) return;
    const { element } = registryPopup;
    for (const [word, count] of [...counts].sort(([, one], [, other]) => other - one)) {
      const label = element("label", "layer"), box = element("input");
      box.type = "checkbox";
      box.dataset.device = word ?? "";
      if (word === null) box.setAttribute("data-none", "");
      label.append(box, element("span", "name", word === null ? say("not stated") : word), element("span", "count", say.number(count)));
      fieldset.append(label);
    }
    fieldset.hidden = false;
  }

  // Listens to every control; `whenChanged` is called after each change and once now.
  function listen(opened, whenChanged) {
    layers = opened;
    boxes = all("[data-layer]");
    listDevices();
    const dates = document.getElementById("filter-dates");
    if (dates) dates.hidden = !layers.some(({ shapes }) => shapes.day?.some((day) => day !== registryDecode.UNDATED));
    setSlider = registryTimeline.listen(layers, (day) => {
      choose({ until: day === Infinity ? null : registryTimeline.dateOf(day) });
    });
    changed = whenChanged;
    registryLink.add(linked);
    document.getElementById("panel").addEventListener("change", ({ target }) => {
      const list = Object.keys(BOXES).find((name) => target.matches(BOXES[name][0]));
      if (list) choose({ [list]: unchecked(BOXES[list]) });
      else if (target.dataset.choice) choose({ [target.dataset.choice]: target.value });
      else if (target.id === "from" || target.id === "to") choose({ [target.id]: target.value });
      else if (target.id === "undated") choose({ undated: target.checked });
    });
    document.getElementById("clear-filters").addEventListener("click", clear);
    apply(chosen);
  }

  return { listen, state, apply, choose, clear };
})();
