"use strict";

// Popups and tooltips. Everything that came from a file is put into the page as text (textContent), never as markup.
const registryPopup = (() => {
  const SECTIONS = {
    compared: say("Comparison"),
    recorded: say("As recorded"),
    source: say("Other columns of the source"),
    provenance: say("Where it comes from"),
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

  const labelOf = ({ table }, row) => String(table.name.value(row) ?? say("without number"));
  const lookOf = ({ shapes, looks }, row) => (looks ?? shapes.header.looks)[shapes.look[row]];
  // Position error of an event, one sigma in metres, null where it is not stated.
  const sigmaOf = ({ table }, row) => table.field("sigma_m")?.value(row) ?? null;

  function addRow(list, label, text) {
    const row = element("div");
    row.append(element("dt", "", label), element("dd", "", text));
    list.append(row);
  }

  function section(name, { shapes, table, figures }, row) {
    const list = element("dl");
    if (name === "compared" && figures) figures(row).forEach(([label, text]) => addRow(list, label, text));
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
    const here = say("{number} of {count} here", { number: index + 1, count: found.length });
    const step = (label, text, by) => {
      const button = element("button", "", text);
      button.type = "button";
      // Its arrow turns with the page.
      button.removeAttribute("dir");
      button.setAttribute("aria-label", label);
      button.dataset.step = by;
      button.addEventListener("click", () => {
        show((index + by + found.length) % found.length);
        // The new pager stands where this one stood; whoever turns by keyboard goes on turning.
        document.querySelector(`.pager [data-step="${by}"]`)?.focus();
      });
      return button;
    };
    bar.append(step(say("Previous"), "‹", -1), element("span", "", here), step(say("Next"), "›", 1));
    return bar;
  }

  // A popup: the record of one of the features found, if any (`show` turns to another), and then the place.
  function content(found, index, show, around) {
    const article = element("article", "record");
    // A button that replaces what it stands in is no click on the map beneath it.
    article.addEventListener("click", (event) => event.stopPropagation());
    if (found.length > 1) article.append(pager(found, index, show));
    const warnings = around.covering.length ? [] : [uncovered(around)];
    if (around.side > 1) warnings.unshift(middleOf(registryCoordinates.length(around.side)));
    article.append(...(found.length ? record(found[index], warnings) : [element("h2", "look-ground", say("This place")), ...warnings]));
    if (found.length) article.append(element("h3", "", say("This place")));
    article.append(...place(around));
    return article;
  }

  function record({ layer, row }, warnings) {
    const { header, invalid } = layer.shapes;
    const heading = element("h2", `look-${lookOf(layer, row)}`);
    heading.append(element("small", "", header.name), element("span", "", labelOf(layer, row)));
    const broken = invalid[row] ? [element("p", "warning", header.invalid_note)] : [];
    if (header.notice) broken.push(warning(header.notice, header.notice_in_english));
    if (header.kind === "accidents") warnings = [...warnings, element("p", "hint", sigmaText(sigmaOf(layer, row)))];
    return [heading, ...broken, ...warnings, ...Object.keys(SECTIONS).flatMap((name) => section(name, layer, row))];
  }

  const sigmaText = (sigma) => sigma === null
    ? say("Position error not stated: no circle is drawn.")
    : say("Circle: the position error as stated, one sigma, {sigma} m. The true place may well lie outside it.", { sigma });

  function warning(text, english) {
    const made = element("p", "warning", text);
    if (!english) return made;
    const beneath = element("span", "english", english);
    beneath.lang = "en";
    beneath.dir = "ltr";
    made.append(beneath);
    return made;
  }

  // What it means that no record covers a place; in English too while the translation is unreviewed.
  function uncovered({ searched, options }) {
    const text = searched ? say.mark("No record covers this place.") : say.mark("This map holds no records.");
    const english = say.english(text);
    return warning(`${say(text)} ${options.no_record}`, english && `${english} ${options.no_record_in_english}`);
  }

  function middleOf(side) {
    const text = say.mark("The text names a square {side} wide; what is said here holds for its middle.");
    return warning(say(text, { side }), say.english(text, { side }));
  }

  const batchOf = ({ layer }) => layer.shapes.header.batch[0][1];
  const degrees = (value, positive, negative) => `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
  const position = (latlng) => `${degrees(latlng.lat, "N", "S")}  ${degrees(latlng.wrap().lng, "E", "W")}`;

  // A record with its batch and the document it stands in, which comes first of what is known of its origin.
  function nameOfRecord({ layer, row }) {
    const document = layer.table.columns.find(({ section: name }) => name === "provenance")?.value(row);
    return [labelOf(layer, row), batchOf({ layer }), document].filter(Boolean).join(", ");
  }

  // How a place lies to the records of this map, those of layers switched off too.
  function place({ latlng, covering, nearest, farthest, options, searched, go }) {
    const list = element("dl");
    addRow(list, say("Position"), position(latlng));
    const square = registryGrid.mgrs(latlng);
    if (square) addRow(list, "MGRS", square);
    for (const one of covering) addRow(list, say("Covered by record"), nameOfRecord(one));
    const said = [list];
    if (!covering.length && nearest) {
      addRow(list, say("Nearest record"), nameOfRecord(nearest));
      addRow(list, say("Distance to it"), say("about {metres} m", { metres: Math.max(1, Math.round(nearest.metres)) }));
      const button = element("button", "plain", say("Show the nearest record"));
      button.type = "button";
      button.addEventListener("click", () => go(nearest));
      said.push(button);
    }
    if (searched && !covering.length && !nearest) {
      said.push(element("p", "hint", say("The nearest record is more than {kilometres} km away.", { kilometres: farthest / 1000 })));
    }
    for (const note of options.record_notes) said.push(element("p", "hint", note));
    return said;
  }

  function nameOf({ layer, row }, looks) {
    const { header } = layer.shapes;
    const name = `${header.name} ${labelOf(layer, row)}`;
    if (header.kind === "accidents") return `${name}: ${looks[lookOf(layer, row)].label}`;
    if (header.kind !== "minefields") return name;
    // So that neither batch nor party rests on a colour.
    const byParty = document.documentElement.dataset.records === "party";
    return `${name}: ${byParty ? header.party ?? say("giving party not stated") : batchOf({ layer })}`;
  }

  // What a disc stands for, class by class.
  function crowd({ count, looks }) {
    const content = element("div", "crowd");
    content.append(element("strong", "", say("{count} here", { count })));
    for (const [style, number] of [...looks].sort(([one], [other]) => one.order - other.order)) {
      content.append(element("div", "", `${number} × ${style.label}`));
    }
    content.append(element("div", "hint", say("Click to come closer.")));
    return content;
  }

  return { element, addRow, warning, content, nameOf, labelOf, batchOf, position, crowd, sigmaOf };
})();
