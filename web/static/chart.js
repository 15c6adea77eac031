// Hover and zoom over the line that the server drew. Without this file, without points or in print the drawing stays.
"use strict";
(() => {
  const charts = [...document.querySelectorAll("[data-chart]")];
  const token = (name) => {
    const probe = document.createElement("i");
    probe.className = "unseen";
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };

  function read(figure) {
    const rows = [...document.querySelectorAll(`#${figure.dataset.chart} tbody tr`)];
    const column = (index) => rows.map((row) => {
      const value = row.children[index]?.dataset.value;
      return value === undefined || value === "" ? null : Number(value);
    });
    return [column(0), column(1), column(2)];
  }

  function draw(figure) {
    figure.querySelector(".uplot")?.remove();
    figure.classList.remove("live");
    const data = read(figure);
    if (data[0].length < 3 || typeof uPlot === "undefined") return;
    const width = figure.clientWidth;
    const values = data[1].concat(data[2]).filter((value) => value !== null);
    const low = Math.max(0, Math.floor((Math.min(...values) - 4) / 10) * 10);
    const day = (at) => new Date(at * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
    const axis = { stroke: token("--ink-3"), grid: { stroke: token("--rule"), width: 1 }, ticks: { show: false }, font: "11.5px system-ui" };
    const line = (stroke, dash) => ({ stroke, dash, width: dash ? 1.5 : 2, points: { show: false }, spanGaps: false });
    const reading = figure.querySelector(".reading") ?? figure.appendChild(document.createElement("p"));
    reading.className = "reading";
    reading.setAttribute("aria-hidden", "true");
    const say = (index) => {
      const percent = (value) => (value === null ? "not judged" : (Math.floor(value * 10) / 10).toFixed(1) + " %");
      reading.innerHTML = "<span><i></i>score <b></b></span><span><i class='dotted'></i>coverage <b></b></span><span></span>";
      const [score, coverage] = reading.querySelectorAll("b");
      score.textContent = percent(data[1][index]);
      coverage.textContent = percent(data[2][index]);
      reading.lastChild.textContent = day(data[0][index]);
    };
    new uPlot({
      width, height: Math.round(width * (width < 480 ? 0.5 : 0.26)) + 26, legend: { show: false },
      scales: { y: { range: [low, 100] } },
      axes: [{ ...axis, grid: { show: false }, space: 90, values: (_, splits) => splits.map(day) }, { ...axis, size: 38 }],
      cursor: { points: { size: 7 }, drag: { x: true, y: false, dist: 12 } },
      hooks: { setCursor: [(plot) => say(plot.cursor.idx ?? data[0].length - 1)] },
      series: [{}, line(token("--ink")), line(token("--ink-3"), [2, 4])],
    }, data, figure);
    figure.append(reading);
    say(data[0].length - 1);
    figure.classList.add("live");
  }

  const again = () => charts.forEach(draw);
  again();
  document.addEventListener("plumbline:theme", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(again, 150); });
})();
