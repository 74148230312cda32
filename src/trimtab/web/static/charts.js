/* Draws the charts of a model's page with uPlot from the values in #chart-data.
   What the values mean is decided in charts.py; colours come from style.css. */
"use strict";
(function () {
  const DASHES = { stale: [7, 4], always: [2, 3], expected: [4, 3], observed: [] };
  const SIGNS = { promoted: "▲", refused: "✕", undecided: "?" };
  const MARK_WORDS = {
    promoted: "challenger promoted",
    refused: "challenger refused",
    undecided: "no decision",
  };
  const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
  const DAY = 86400;

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  function markColour(kind) {
    return colour({ promoted: "good", refused: "bad", undecided: "warn" }[kind]);
  }

  /* as many digits as a step between ticks needs: 2 for 0.05, 3 for 0.025 */
  function digitsOf(step) {
    for (let digits = 0; digits < 6; digits++) {
      const scaled = step * 10 ** digits;
      if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return digits;
    }
    return 6;
  }

  function write(value, format, step) {
    if (value === null || value === undefined) return "–";
    if (format === "count") return Math.round(value).toLocaleString("en-GB");
    if (format === "percent") {
      const digits = step === undefined ? 1 : digitsOf(step * 100);
      return (100 * value).toFixed(digits) + " %";
    }
    if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-GB");
    const digits = step === undefined ? 3 : digitsOf(step);
    return value.toFixed(digits);
  }

  function element(tag, attributes, ...inside) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  /* ---- legend: a sample of each line as it is drawn, then the marks ---- */
  function sample(one) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("width", 26);
    svg.setAttribute("height", 12);
    svg.setAttribute("aria-hidden", "true");
    const add = (tag, attributes) => {
      const shape = document.createElementNS(space, tag);
      for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
      svg.append(shape);
    };
    const paint = `var(--${one.role})`;
    if (one.shape === "bar") add("rect", { x: 7, y: 0, width: 12, height: 12, rx: 2, fill: paint });
    else if (one.shape === "points") add("path", { d: "M13 1l5 5-5 5-5-5z", fill: paint });
    else if (one.shape === "span") add("rect", { x: 0, y: 2, width: 26, height: 8, fill: "none", stroke: paint, "stroke-dasharray": "3 2" });
    else {
      if (hasBand(one)) add("rect", { x: 0, y: 1, width: 26, height: 10, fill: "var(--band)" });
      add("line", { x1: 0, x2: 26, y1: 6, y2: 6, stroke: paint, "stroke-width": one.role === "served" ? 2.5 : 2, "stroke-dasharray": (DASHES[one.role] || []).join(" ") });
    }
    return svg;
  }

  function legend(chart) {
    const list = element("ul", { class: "legend" });
    for (const one of [...chart.series].reverse()) list.append(element("li", {}, sample(one), one.name));
    if (chart.id !== "performance") return list; // the marks mean the same on every chart
    for (const kind of new Set(chart.marks.map((mark) => mark.kind))) {
      const sign = element("span", { "aria-hidden": "true" }, SIGNS[kind]);
      sign.style.color = markColour(kind);
      list.append(element("li", {}, sign, MARK_WORDS[kind]));
    }
    return list;
  }

  function hasBand(one) {
    return one.shape === "line" && one.role === "served" && (one.low || []).some((end) => end !== null);
  }

  /* ---- what uPlot is told ---- */
  function columns(chart) {
    const data = [chart.x.values];
    for (const one of chart.series) data.push(one.values);
    for (const one of chart.series) if (one.low) data.push(one.high, one.low);
    return data;
  }

  function uplotSeries(chart) {
    const small = chart.x.values.length > 40;
    const shown = chart.series.map((one) => {
      const paint = colour(one.role);
      const base = { label: one.name, scale: "y", stroke: paint, points: { show: false } };
      if (one.shape === "bar") {
        return { ...base, fill: paint, width: 0, paths: uPlot.paths.bars({ size: [0.55, 36], radius: 0.08 }) };
      }
      if (one.shape === "span") return { ...base, width: 0, paths: () => null };
      if (one.shape === "points") return { ...base, paths: () => null };
      return {
        ...base,
        width: one.role === "served" ? 2.5 : 1.75,
        dash: DASHES[one.role],
        points: { show: !small, size: one.role === "served" ? 7 : 5, fill: one.role === "served" ? paint : colour("card"), stroke: paint, width: 1.5 },
      };
    });
    const bands = [];
    for (const one of chart.series) {
      if (!one.low) continue;
      const at = 1 + shown.length;
      for (let end = 0; end < 2; end++) {
        const edge = one.shape === "span" ? { stroke: colour(one.role), width: 1.25, dash: [4, 3] } : { stroke: "transparent", width: 0 };
        shown.push({ label: "", scale: "y", points: { show: false }, ...edge, show: hasBand(one) || one.shape === "span" });
      }
      if (hasBand(one)) bands.push({ series: [at, at + 1], fill: colour("band") });
    }
    return { series: [{}, ...shown], bands };
  }

  /* ticks stand under windows, as many as there is room for */
  function windowTicks(chart) {
    const names = chart.x.names, values = chart.x.values;
    return (self) => {
      const width = 8 + 7 * Math.max(...names.map((name) => name.length));
      const room = Math.max(1, Math.floor(self.bbox.width / devicePixelRatio / width));
      const every = Math.ceil(values.length / room);
      return values.filter((_, index) => index % every === 0);
    };
  }

  function axes(chart) {
    const windows = chart.kind === "windows";
    const common = { stroke: colour("soft"), font: FONT, labelFont: FONT, labelSize: 20, labelGap: 2, grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("line"), width: 1, size: 4 } };
    const names = new Map(chart.x.values.map((value, index) => [value, windows ? chart.x.names[index] : null]));
    const stepOf = (splits) => (splits.length > 1 ? splits[1] - splits[0] : 1);
    const across = windows
      ? { splits: windowTicks(chart), values: (_, splits) => splits.map((value) => names.get(value)), grid: { show: false } }
      : { values: (_, splits) => splits.map((value) => write(value, chart.y.format, stepOf(splits))), space: 56 };
    const up = {
      size: (_, values) => 14 + 7 * Math.max(2, ...(values || []).map((value) => value.length)),
      values: (_, splits) => splits.map((value) => write(value, chart.y.format, stepOf(splits))),
      space: 30,
      ...(chart.y.format === "count" ? { incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1e3, 2e3, 2500, 5e3, 1e4, 2e4, 25e3, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9] } : {}),
    };
    return [
      { ...common, ...across, scale: "x", label: chart.x.label, gap: 4, size: 26 },
      { ...common, ...up, scale: "y", label: chart.y.label, gap: 4 },
    ];
  }

  function yRange(chart) {
    return (_, low, high) => {
      if (low === null || high === null) return [0, 1];
      const top = chart.series.flatMap((one) => [...one.values, ...(one.high || []), ...(one.low || [])]).filter((value) => value !== null);
      low = Math.min(...top);
      high = Math.max(...top);
      const pad = (high - low || Math.abs(high) || 1) * 0.12;
      if (chart.y.zero) return [0, Math.max(high * 1.12, 1)];
      if (chart.y.format === "percent") return [Math.max(0, low - pad), Math.min(1, high + pad)];
      return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
    };
  }

  function xRange(chart) {
    if (chart.kind === "windows") {
      const side = (chart.x.to - chart.x.from) * 0.01 + (chart.x.values.length < 2 ? 3 * DAY : 0);
      return () => [chart.x.from - side, chart.x.to + side];
    }
    const low = Math.min(...chart.x.values), high = Math.max(...chart.x.values);
    const pad = (high - low || 0.1) * 0.06;
    const share = chart.y.format === "percent";
    return () => [share ? Math.max(0, low - pad) : low - pad, share ? Math.min(1, high + pad) : high + pad];
  }

  /* ---- what is painted by hand: marks, diagonal, whiskers, names at the lines' ends ---- */
  function paintMarks(self, chart) {
    const { ctx, bbox } = self, ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `600 ${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "alphabetic";
    for (const mark of chart.marks) {
      const x = self.valToPos(mark.x, "x", true);
      if (x < bbox.left - 2 || x > bbox.left + bbox.width + 2) continue;
      ctx.strokeStyle = ctx.fillStyle = markColour(mark.kind);
      ctx.globalAlpha = 0.55;
      ctx.lineWidth = ratio;
      ctx.setLineDash(mark.kind === "promoted" ? [] : [3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.globalAlpha = 1;
      ctx.fillText(SIGNS[mark.kind], x, bbox.top - 5 * ratio);
    }
    ctx.restore();
  }

  function paintDiagonal(self) {
    const { ctx, bbox, scales } = self;
    const low = Math.max(scales.x.min, scales.y.min), high = Math.min(scales.x.max, scales.y.max);
    if (low >= high) return;
    ctx.save();
    ctx.strokeStyle = colour("expected");
    ctx.lineWidth = 1.25 * devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(self.valToPos(low, "x", true), self.valToPos(low, "y", true));
    ctx.lineTo(self.valToPos(high, "x", true), self.valToPos(high, "y", true));
    ctx.stroke();
    ctx.restore();
  }

  function paintDiamonds(self, one) {
    const { ctx } = self, size = 5 * devicePixelRatio;
    ctx.save();
    ctx.fillStyle = colour(one.role);
    ctx.strokeStyle = colour("card");
    one.values.forEach((value, index) => {
      if (!value) return; // no alert is no diamond
      const x = self.valToPos(self.data[0][index], "x", true), y = self.valToPos(value, "y", true);
      ctx.beginPath();
      ctx.moveTo(x, y - size);
      ctx.lineTo(x + size, y);
      ctx.lineTo(x, y + size);
      ctx.lineTo(x - size, y);
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    });
    ctx.restore();
  }

  /* names beside the last points, pushed apart where they would meet */
  function paintNames(self, chart) {
    const { ctx, bbox } = self, ratio = devicePixelRatio;
    const names = chart.series
      .filter((one) => one.shape === "line")
      .map((one) => {
        let last = one.values.length - 1;
        while (last >= 0 && one.values[last] === null) last--;
        return last < 0 ? null : { one, last, y: self.valToPos(one.values[last], "y", true) };
      })
      .filter((item) => item !== null)
      .sort((a, b) => a.y - b.y);
    ctx.save();
    ctx.font = `600 ${12 * ratio}px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    let floor = -Infinity;
    for (const item of names) {
      const y = Math.max(item.y, floor);
      floor = y + 15 * ratio;
      ctx.fillStyle = colour(item.one.role);
      ctx.fillText(item.one.name, bbox.left + bbox.width + 8 * ratio, y);
    }
    ctx.restore();
  }

  /* ---- the tip ---- */
  function tipPlugin(chart) {
    let tip;
    const name = (index) => (chart.kind === "windows" ? chart.x.names[index] : `${chart.x.label.toLowerCase()} ${write(chart.x.values[index], chart.y.format)}`);
    function fill(index) {
      const table = element("table");
      for (const one of [...chart.series].reverse()) {
        const low = one.low && one.low[index], high = one.high && one.high[index];
        const span = low === null || low === undefined ? "" : `[${write(low, chart.y.format)}, ${write(high, chart.y.format)}]`;
        if (one.values[index] === null && !span) continue;
        const rows = one.counts && one.counts[index] ? `${span} ${write(one.counts[index], "count")} rows` : span;
        const figure = one.shape === "span" ? "" : write(one.values[index], chart.y.format);
        const key = element("td", {}, sample(one));
        table.append(element("tr", {}, key, element("td", {}, one.name), element("td", { class: "num" }, figure), element("td", {}, rows)));
      }
      tip.replaceChildren(element("strong", {}, name(index)), table);
      for (const mark of chart.marks) {
        if (mark.window === null || mark.window !== name(index)) continue;
        tip.append(element("p", {}, `${SIGNS[mark.kind]} ${mark.text} at its end`));
      }
    }
    return {
      hooks: {
        init: (self) => {
          tip = element("div", { class: "tip", role: "status" });
          tip.hidden = true;
          self.over.append(tip);
        },
        setCursor: (self) => {
          const { idx, left, top } = self.cursor;
          tip.hidden = idx === null || idx === undefined || left < 0 || !self.over.matches(":hover");
          if (tip.hidden) return;
          fill(idx);
          const at = self.valToPos(chart.x.values[idx], "x");
          const room = self.over.clientWidth - tip.offsetWidth;
          const beside = at + 14 + tip.offsetWidth <= self.over.clientWidth ? at + 14 : at - 14 - tip.offsetWidth;
          tip.style.left = `${Math.max(Math.min(0, room), Math.min(beside, Math.max(room, 0)))}px`;
          tip.style.top = `${Math.min(top, Math.max(0, self.over.clientHeight - tip.offsetHeight))}px`;
        },
      },
    };
  }

  function draw(figure, chart) {
    const main = chart.id === "performance";
    const plot = figure.querySelector(".plot");
    plot.replaceChildren();
    const width = plot.clientWidth;
    const named = main && width >= 640;
    const { series, bands } = uplotSeries(chart);
    const made = new uPlot(
      {
        width,
        height: main ? (width < 500 ? 260 : 320) : chart.kind === "xy" ? 300 : 230,
        padding: [chart.marks.length ? 20 : 10, named ? 16 + 7.2 * Math.max(...chart.series.map((one) => one.name.length)) : 12, 0, 0],
        series,
        bands,
        axes: axes(chart),
        legend: { show: false },
        cursor: {
          drag: { x: false, y: false },
          y: false,
          points: { show: (self, index) => index <= chart.series.length && chart.series[index - 1].shape === "line" && undefined },
          ...(chart.kind === "windows" ? { sync: { key: "windows", setSeries: false } } : {}),
        },
        scales: { x: { time: false, range: xRange(chart) }, y: { range: yRange(chart) } },
        plugins: [tipPlugin(chart)],
        hooks: {
          drawAxes: [(self) => chart.diagonal && paintDiagonal(self)],
          draw: [
            (self) => {
              paintMarks(self, chart);
              for (const one of chart.series) if (one.shape === "points") paintDiamonds(self, one);
              if (named) paintNames(self, chart);
            },
          ],
        },
      },
      columns(chart),
      plot,
    );
    const canvas = plot.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${chart.title}: ${chart.series.map((one) => one.name).join(", ")}; the tables of this page hold the figures`);
    return made;
  }

  function start() {
    const source = document.getElementById("chart-data");
    if (!source) return;
    const charts = JSON.parse(source.textContent);
    const drawn = new Map();
    const redraw = (figure, chart) => {
      if (drawn.has(figure)) drawn.get(figure).destroy();
      drawn.set(figure, draw(figure, chart));
    };
    const all = [];
    for (const chart of charts) {
      const figure = document.querySelector(`[data-chart="${chart.id}"]`);
      if (!figure) continue;
      figure.append(legend(chart), element("div", { class: "plot" }));
      all.push([figure, chart]);
      redraw(figure, chart);
    }
    let waiting = null;
    const later = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => all.forEach(([figure, chart]) => redraw(figure, chart)), 120);
    };
    window.addEventListener("resize", later);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
    document.documentElement.dataset.charts = String(all.length);
  }

  start();
})();
