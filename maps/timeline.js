"use strict";

// What was known when: batches by their handover, events by their date, up to a day that the reader chooses.
const registryTimeline = (() => {
  const MILLISECONDS = 86400000;
  const STEPS = 120;
  const STEP_MILLISECONDS = 100;

  const dateOf = (day) => new Date(day * MILLISECONDS).toISOString().slice(0, 10);

  // Calls `show` with the last day to be shown, Infinity for all; gives back what sets the slider to a day.
  function listen(layers, show) {
    const slider = document.getElementById("until");
    if (!slider) return () => {};
    const said = document.getElementById("until-said"), play = document.getElementById("play");
    const given = layers.map(({ shapes }) => shapes.header.given).filter((day) => day !== null);
    const dated = layers.filter(({ shapes }) => shapes.day);
    let first = Math.min(...given), last = Math.max(...given), events = 0, undated = 0;
    for (const { shapes } of dated) {
      events += shapes.count;
      for (const day of shapes.day) {
        if (day === registryDecode.UNDATED) undated++;
        else {
          first = Math.min(first, day);
          last = Math.max(last, day);
        }
      }
    }
    // One step before the first day nothing is known, one after the last everything.
    slider.min = first - 1;
    slider.max = last;
    slider.value = last;
    let timer = 0;
    const tell = () => {
      const day = Number(slider.value);
      write(day);
      show(day >= last ? Infinity : day);
    };
    const write = (day) => {
      if (day >= last) {
        said.textContent = say("All dates");
        return;
      }
      let known = -undated;
      for (const { shapes } of dated) for (const each of shapes.day) known += each <= day;
      const batches = given.filter((each) => each <= day).length;
      said.textContent = say("By {date}: {layers} of {all_layers} dated layers, {events} of {all_events} dated events", {
        date: dateOf(day),
        layers: batches,
        all_layers: given.length,
        events: say.number(known),
        all_events: say.number(events - undated),
      });
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = say("Play");
    };
    play.addEventListener("click", () => {
      if (timer) {
        stop();
        return;
      }
      if (Number(slider.value) >= last) slider.value = slider.min;
      play.textContent = say("Stop");
      timer = setInterval(() => {
        slider.value = Number(slider.value) + Math.max(1, Math.ceil((last - first) / STEPS));
        tell();
        if (Number(slider.value) >= last) stop();
      }, STEP_MILLISECONDS);
    });
    slider.addEventListener("input", () => {
      stop();
      tell();
    });
    write(last);
    return (day) => {
      if (Number(slider.value) === Math.min(day, last)) return;
      stop();
      slider.value = Math.min(day, last);
      write(Number(slider.value));
    };
  }

  return { listen, dateOf };
})();
