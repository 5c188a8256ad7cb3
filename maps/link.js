"use strict";

// Links to a view: what is seen is written into the fragment of the page's own address, part by part, and read from it.
// Other scripts add parts of theirs: { name, state, apply, said }. `state()` gives a text, or null where nothing is out of
// the ordinary; `apply(text)` takes such a text, or null for the ordinary; what it cannot read it takes for null.
// `said()`, where there is one, puts what is not shown into words for a sheet of paper.
const registryLink = (() => {
  const { element } = registryPopup;
  const LONGEST = 8000;
  const PLACE = /^(-?\d{1,2}(?:\.\d{1,7})?),(-?\d{1,3}(?:\.\d{1,7})?),(\d{1,2}(?:\.\d{1,2})?)$/;
  const parts = [];

  const add = (part) => { parts.push(part); };
  const notes = () => parts.map((part) => part.said?.()).filter(Boolean);

  function state() {
    const pairs = parts.map(({ name, state: text }) => [name, text()]).filter(([, text]) => text !== null);
    return pairs.map(([name, text]) => `${name}=${encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":")}`).join("&");
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch (error) {
      // A broken escape: whoever wrote it, there is nothing to read.
      if (error instanceof URIError) return null;
      throw error;
    }
  }

  // Shows the view that a fragment names; parts that are missing or unreadable are as they are without a link.
  function apply(fragment) {
    if (fragment.length > LONGEST) return;
    const given = new Map();
    for (const pair of fragment.replace(/^#/, "").split("&")) {
      const at = pair.indexOf("=");
      if (at > 0) given.set(pair.slice(0, at), decoded(pair.slice(at + 1)));
    }
    if (!parts.some(({ name }) => given.has(name))) return;
    for (const part of parts) part.apply(given.get(part.name) ?? null);
  }

  function place(map) {
    return {
      name: "at",
      state: () => {
        const { lat, lng } = map.getCenter();
        return [lat.toFixed(6), lng.toFixed(6), map.getZoom().toFixed(2)].join(",");
      },
      apply: (text) => {
        const found = PLACE.exec(text ?? "");
        if (!found) return;
        const [lat, lng, zoom] = found.slice(1).map(Number);
        if (Math.abs(lat) > 85 || Math.abs(lng) > 180 || zoom > map.getMaxZoom()) return;
        map.setView([lat, lng], zoom, { animate: false });
      },
    };
  }

  // Layers by the names of their kind and batch, which stay the same when the page is made again.
  function layersOff() {
    const boxes = [...document.querySelectorAll("[data-layer]")];
    const follow = (box, isOn) => {
      if (box.checked === isOn) return;
      box.checked = isOn;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    };
    return {
      name: "off",
      state: () => boxes.filter((box) => !box.checked).map((box) => box.dataset.key).join(",") || null,
      apply: (text) => {
        const off = new Set((text ?? "").split(","));
        for (const box of boxes) follow(box, !off.has(box.dataset.key));
      },
    };
  }

  function knownBy() {
    const slider = document.getElementById("until");
    if (!slider) return [];
    const day = () => (Number(slider.value) < Number(slider.max) ? new Date(slider.value * 86400000).toISOString().slice(0, 10) : null);
    return [{
      name: "day",
      state: day,
      apply: (text) => {
        const at = /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") ? Date.parse(text) / 86400000 : NaN;
        slider.value = at >= slider.min && at <= slider.max ? at : slider.max;
        slider.dispatchEvent(new Event("input"));
      },
      said: () => day() && document.getElementById("until-said").textContent,
    }];
  }

  function listen(map) {
    parts.unshift(place(map), layersOff(), ...knownBy());
    const dialog = element("dialog", "link");
    const title = element("h2", "", say("A link to this view"));
    title.id = "link-title";
    dialog.setAttribute("aria-labelledby", title.id);
    const field = element("input");
    field.readOnly = true;
    field.setAttribute("aria-label", say("The link"));
    const said = element("p");
    said.setAttribute("role", "status");
    const hint = say("It opens this file at this place. Who has the file elsewhere puts what stands from # on behind its address there.");
    dialog.append(title, field, said, element("p", "hint", hint), registryControls.plainButton(say("Close"), () => dialog.close()));
    document.body.append(dialog);
    registryControls.button(map, "link", say("Copy a link to this view"), async () => {
      field.value = `${location.href.split("#")[0]}#${state()}`;
      said.textContent = "";
      dialog.showModal();
      field.select();
      said.textContent = (await copied(field.value)) ? say("The link is copied.") : say("Copy the link from the field above.");
    });
    window.addEventListener("hashchange", () => apply(location.hash));
    apply(location.hash);
  }

  async function copied(text) {
    if (!navigator.clipboard) return false;
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch (error) {
      // The browser or its owner does not allow it; the field stays.
      if (error instanceof DOMException) return false;
      throw error;
    }
  }

  return { add, notes, state, apply, listen };
})();
