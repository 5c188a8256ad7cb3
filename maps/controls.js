"use strict";

// The buttons on the map, where the pointer is, and steering by keyboard alone.
const registryControls = (() => {
  const { element } = registryPopup;
  const SVG = "http://www.w3.org/2000/svg";
  const ICONS = {
    everything: "M8 3H3v5M12 3h5v5M8 17H3v-5M12 17h5v-5M3 3l5 5M17 3l-5 5M3 17l5-5M17 17l-5-5",
    measure: "M2 13 13 2l5 5L7 18ZM5 10l2 2M8 7l3 3M11 4l2 2",
    print: "M5 7V2h10v5M5 14H2V7h16v7h-3M5 11h10v7H5Z",
    link: "M8.5 11.5l3-3M9 6l2.2-2.2a3.5 3.5 0 0 1 5 5L14 11M11 14l-2.2 2.2a3.5 3.5 0 0 1-5-5L6 9",
  };
  const root = document.documentElement;

  function icon(name) {
    const drawing = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
    drawing.setAttribute("viewBox", "0 0 20 20");
    drawing.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    drawing.append(path);
    return drawing;
  }

  // A button at the left edge of the map; gives back its element.
  function button(map, name, label, act) {
    const control = L.control({ position: "topleft" });
    const made = element("button", "map-button");
    control.onAdd = () => {
      const box = element("div", "leaflet-bar");
      made.type = "button";
      made.title = label;
      made.setAttribute("aria-label", label);
      made.append(icon(name));
      made.addEventListener("click", act);
      box.append(made);
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    control.addTo(map);
    return made;
  }

  function plainButton(text, act) {
    const made = element("button", "plain", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  // One of several: a group of radio buttons, by value and label.
  function choice(name, label, options, chosen, follow) {
    const group = element("fieldset", "choice");
    group.append(element("legend", "", label));
    for (const [value, text] of options) {
      const line = element("label"), input = element("input");
      input.type = "radio";
      input.name = name;
      input.value = value;
      input.checked = value === chosen;
      input.addEventListener("change", () => follow(value));
      line.append(input, element("span", "", text));
      group.append(line);
    }
    return group;
  }

  function choose(group, value) {
    for (const input of group.querySelectorAll("input")) input.checked = input.value === value;
  }

  function pointerPosition(map) {
    const control = L.control({ position: "bottomleft" });
    const box = element("output", "position");
    box.setAttribute("aria-live", "off");
    control.onAdd = () => box;
    control.addTo(map);
    map.on("mousemove", ({ latlng }) => {
      box.textContent = [registryPopup.position(latlng), registryGrid.mgrs(latlng)].filter(Boolean).join("   ");
    });
    map.on("mouseout", () => { box.textContent = ""; });
  }

  // Leaflet focuses the map on a click too; the cross is for those who steer it by keyboard.
  function listenForKeyboard(map, act) {
    const container = map.getContainer();
    document.addEventListener("keydown", () => root.classList.add("by-keyboard"), true);
    document.addEventListener("pointerdown", () => root.classList.remove("by-keyboard"), true);
    container.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === container) act(map.getCenter());
    });
    // The part of the page that the map is passed over for.
    document.getElementById("skip").addEventListener("click", (event) => {
      event.preventDefault();
      if (root.classList.contains("panel-closed")) document.getElementById("panel-button").click();
      document.querySelector(event.currentTarget.hash).focus();
    });
  }

  // A popup takes the focus, so that it is read out, and gives it back to where it came from.
  function listenForPopups(map) {
    const container = map.getContainer();
    let cameFrom = null;
    map.on("popupopen", ({ popup }) => {
      const held = popup.getElement(), before = document.activeElement;
      held.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", say("Close"));
      held.setAttribute("role", "dialog");
      held.setAttribute("aria-label", say("What is here"));
      held.tabIndex = -1;
      if (!before?.closest?.(".leaflet-popup")) cameFrom = before && before !== document.body ? before : container;
      held.focus({ preventScroll: true });
    });
    map.on("popupclose", ({ popup }) => {
      if (popup.getElement()?.contains(document.activeElement)) giveBack();
    });
    container.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !event.target.closest(".leaflet-popup")) return;
      event.stopPropagation();
      map.closePopup();
    });

    function giveBack() {
      // What was found may be in a panel that was closed since.
      const back = cameFrom?.isConnected && cameFrom.getClientRects().length ? cameFrom : container;
      back.focus({ preventScroll: true });
    }
  }

  return { button, plainButton, choice, choose, pointerPosition, listenForKeyboard, listenForPopups };
})();
