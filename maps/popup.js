"use strict";

// Popups and tooltips. Everything that came from a file is put into the page as text (textContent), never as markup.
const registryPopup = (() => {
  const SECTIONS = {
    compared: "Comparison",
    recorded: "As recorded",
    source: "Other columns of the source",
    provenance: "Where it comes from",
  };

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) {
      made.textContent = text;
      made.dir = "auto";
    }
    return made;
  }

  const labelOf = ({ table }, row) => String(table.name.value(row) ?? "without number");
  const lookOf = ({ shapes }, row) => shapes.header.looks[shapes.look[row]];

  function addRow(list, label, text) {
    const row = element("div");
    row.append(element("dt", "", label), element("dd", "", text));
    list.append(row);
  }

  function section(name, { shapes, table }, row) {
    const list = element("dl");
    if (name === "provenance") shapes.header.batch.forEach(([label, text]) => addRow(list, label, text));
    for (const column of table.columns.filter((candidate) => candidate.section === name)) {
      const value = column.value(row);
      if (value !== null) addRow(list, column.label, column.unit ? `${value} ${column.unit}` : `${value}`);
    }
    if (!list.children.length) return [];
    return [element("h3", "", SECTIONS[name]), list];
  }

  function pager(found, index, show) {
    const bar = element("div", "pager");
    const step = (label, text, by) => {
      const button = element("button", "", text);
      button.type = "button";
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => show((index + by + found.length) % found.length));
      return button;
    };
    bar.append(step("Previous", "‹", -1), element("span", "", `${index + 1} of ${found.length} here`), step("Next", "›", 1));
    return bar;
  }

  // A popup: the record of one of the features found, if any (`show` turns to another), and then the place.
  function content(found, index, show, around) {
    const article = element("article", "record");
    if (found.length > 1) article.append(pager(found, index, show));
    const uncovered = around.covering.length ? [] : [element("p", "warning", uncoveredText(around))];
    article.append(...(found.length ? record(found[index], uncovered) : [element("h2", "look-ground", "This place"), ...uncovered]));
    if (found.length) article.append(element("h3", "", "This place"));
    article.append(...place(around));
    return article;
  }

  function record({ layer, row }, warnings) {
    const { header, invalid } = layer.shapes;
    const heading = element("h2", `look-${lookOf(layer, row)}`);
    heading.append(element("small", "", header.name), element("span", "", labelOf(layer, row)));
    const broken = invalid[row] ? [element("p", "warning", header.invalid_note)] : [];
    return [heading, ...broken, ...warnings, ...Object.keys(SECTIONS).flatMap((name) => section(name, layer, row))];
  }

  const uncoveredText = ({ searched, options }) =>
    `${searched ? "No record covers this place" : "This map holds no records"}. ${options.no_record}`;

  const batchOf = ({ layer }) => layer.shapes.header.batch[0][1];
  const degrees = (value, positive, negative) => `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
  const position = (latlng) => `${degrees(latlng.lat, "N", "S")}  ${degrees(latlng.wrap().lng, "E", "W")}`;

  // How a place lies to the records of this map, those of layers switched off too.
  function place({ latlng, covering, nearest, farthest, options, searched, go }) {
    const list = element("dl");
    addRow(list, "Position", position(latlng));
    for (const one of covering) addRow(list, "Covered by record", `${labelOf(one.layer, one.row)}, ${batchOf(one)}`);
    const said = [list];
    if (!covering.length && nearest) {
      addRow(list, "Nearest record", `${labelOf(nearest.layer, nearest.row)}, ${batchOf(nearest)}`);
      addRow(list, "Distance to it", `about ${Math.max(1, Math.round(nearest.metres))} m`);
      const button = element("button", "plain", "Show the nearest record");
      button.type = "button";
      button.addEventListener("click", () => go(nearest));
      said.push(button);
    }
    if (searched && !covering.length && !nearest) {
      said.push(element("p", "hint", `The nearest record is more than ${farthest / 1000} km away.`));
    }
    for (const note of options.record_notes) said.push(element("p", "hint", note));
    return said;
  }

  function nameOf({ layer, row }, looks) {
    const name = `${layer.shapes.header.name} ${labelOf(layer, row)}`;
    return layer.shapes.header.kind === "accidents" ? `${name}: ${looks[lookOf(layer, row)].label}` : name;
  }

  // What a disc stands for, class by class.
  function crowd({ count, looks }) {
    const content = element("div", "crowd");
    content.append(element("strong", "", `${count} here`));
    for (const [style, number] of [...looks].sort(([one], [other]) => one.order - other.order)) {
      content.append(element("div", "", `${number} × ${style.label}`));
    }
    content.append(element("div", "hint", "Click to come closer."));
    return content;
  }

  return { element, content, nameOf, labelOf, batchOf, position, crowd };
})();
