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

  // The record of one of the features found; `show` turns to another.
  function record(found, index, show) {
    const { layer, row } = found[index];
    const { header, invalid } = layer.shapes;
    const content = element("article", "record");
    if (found.length > 1) content.append(pager(found, index, show));
    const heading = element("h2", `look-${lookOf(layer, row)}`);
    heading.append(element("small", "", header.name), element("span", "", labelOf(layer, row)));
    content.append(heading);
    if (invalid[row]) content.append(element("p", "warning", header.invalid_note));
    for (const name of Object.keys(SECTIONS)) content.append(...section(name, layer, row));
    return content;
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

  return { element, record, nameOf, crowd };
})();
