
"use strict";
(() => {
  const PAGE = 25;
  const MOST_PRINTED = 2000;
  const NONE = -1;
  const OUTCOMES = ["", "accepted", "bypassed", "refused"];
  const SIGNS = ["", "\u2713", "\u25b2", "\u2715"];
  const data = JSON.parse(document.getElementById("data").textContent);
  const texts = data.texts;
  const byId = (id) => document.getElementById(id);
  const number = (n) => n.toLocaleString("en");

  // What is shown. It is in the address too, so that a view can be kept and sent.
  const state = { find: "", show: [1, 2, 3], from: null, to: null, sort: {}, page: {} };

  function make(name, properties, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties || {})) {
      if (key in element) element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  const SVG = "http://www.w3.org/2000/svg";
  function draw(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  const moment = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

  // ---- Tables

  const tables = data.tables.map((table) => {
    const kinds = table.columns.map((c) => c.kind);
    return {
      ...table,
      kinds,
      time: kinds.indexOf("time"),
      outcome: kinds.indexOf("outcome"),
      textual: kinds.flatMap((kind, i) => (kind === "text" || kind === "hash" ? [i] : [])),
      shown: [],
    };
  });
  const records = tables.find((table) => table.id === "records");

  let ranks = null;
  function rankOf(index) {
    if (!ranks) {
      const order = texts.map((_, i) => i).sort((a, b) => (texts[a] < texts[b] ? -1 : 1));
      ranks = new Int32Array(texts.length);
      order.forEach((text, rank) => (ranks[text] = rank));
    }
    return index === NONE ? NONE : ranks[index];
  }

  // For each word that is looked for, the texts that have it: a row is then a few look-ups.
  function matching() {
    const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
    return words.map((word) => {
      const has = new Uint8Array(texts.length);
      for (let i = 0; i < texts.length; i++) if (texts[i].toLowerCase().includes(word)) has[i] = 1;
      return has;
    });
  }

  function wanted(table, words, inTime) {
    const shown = [];
    const every = state.show.length === 3;
    for (let i = 0; i < table.rows.length; i++) {
      const row = table.rows[i];
      if (!every && table.outcome >= 0 && !state.show.includes(row[table.outcome])) continue;
      if (inTime && table.time >= 0 && state.from !== null) {
        const at = row[table.time];
        if (at < state.from || at > state.to) continue;
      }
      if (words.every((has) => table.textual.some((c) => row[c] !== NONE && has[row[c]]))) shown.push(i);
    }
    return shown;
  }

  function sorted(table, shown) {
    const [column, direction] = state.sort[table.id] || usual(table);
    const isText = table.textual.includes(column);
    const keys = new Float64Array(table.rows.length);
    for (const i of shown) {
      const cell = table.rows[i][column];
      keys[i] = isText ? rankOf(cell) : cell;
    }
    return shown.sort((a, b) => direction * (keys[a] - keys[b]) || direction * (a - b));
  }

  // The latest first.
  function usual(table) {
    const column = table.id === "signers" ? 3 : table.id === "records" ? 0 : table.time;
    return [column, -1];
  }

  function cell(table, i, value) {
    const column = table.columns[i];
    const td = make("td", { className: column.kind });
    td.setAttribute("data-label", column.label);
    if (value === NONE || (column.kind === "outcome" && value === 0)) {
      td.className += " empty";
      return td;
    }
    if (column.kind === "time") {
      const [day, time] = moment(value).split(" ");
      td.append(make("span", {}, day + " ", make("b", {}, time)));
    } else if (column.kind === "outcome") {
      td.append(make("span", { className: "pill " + OUTCOMES[value] }, SIGNS[value] + " " + OUTCOMES[value]));
    } else if (column.kind === "hash") {
      const button = make("button", { type: "button", className: "hash", title: texts[value] }, texts[value]);
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () =>
        button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")));
      td.append(button);
    } else if (column.kind === "text") {
      for (const part of texts[value].split(/(?<=\/)/)) td.append(part, make("wbr"));
    } else {
      td.append(table.columns[i].label === "Record" || value < 10000 ? String(value) : number(value));
    }
    return td;
  }

  function build(table) {
    const section = byId(table.id);
    const live = section.querySelector(".live");
    const head = make("tr");
    table.heads = table.columns.map((column, i) => {
      const button = make("button", { type: "button" }, column.label);
      button.addEventListener("click", () => sortBy(table, i));
      const th = make("th", { scope: "col", className: column.kind === "count" ? "count" : "" }, button);
      head.append(th);
      return th;
    });
    table.body = make("tbody");
    table.table = make("table", {}, make("thead", {}, head), table.body);
    table.table.setAttribute("aria-label", section.querySelector("h2").firstChild.textContent.trim());
    table.scroll = make("div", { className: "scroll" }, table.table);
    table.empty = make("p", { className: "none", hidden: true }, "Nothing fits what is asked for.");
    table.choice = make("select");
    table.columns.forEach((column, i) => {
      table.choice.append(make("option", { value: i + " 1" }, column.label + " \u2191"));
      table.choice.append(make("option", { value: i + " -1" }, column.label + " \u2193"));
    });
    table.choice.addEventListener("change", () => {
      state.sort[table.id] = table.choice.value.split(" ").map(Number);
      turned(table);
    });
    const sorts = make("label", { className: "sorts" }, "Order by", table.choice);
    table.pager = make("nav", { className: "pager" });
    table.pager.setAttribute("aria-label", "Pages of " + table.table.getAttribute("aria-label"));
    const turn = (label, name, to) => {
      const button = make("button", { type: "button", title: name }, label);
      button.setAttribute("aria-label", name);
      button.addEventListener("click", () => {
        state.page[table.id] = to();
        fill(table);
        remember();
      });
      return button;
    };
    const now = () => state.page[table.id] || 0;
    const last = () => Math.max(0, Math.ceil(table.shown.length / PAGE) - 1);
    table.back = [turn("\u00ab", "First page", () => 0), turn("\u2039", "Page before", () => now() - 1)];
    table.next = [turn("\u203a", "Next page", () => now() + 1), turn("\u00bb", "Last page", last)];
    table.where = make("span");
    table.where.setAttribute("aria-live", "polite");
    table.pager.append(...table.back, table.where, ...table.next);
    table.count = section.querySelector(".total");
    live.append(sorts, table.scroll, table.empty, table.pager);
  }

  function sortBy(table, column) {
    const [current, direction] = state.sort[table.id] || usual(table);
    const first = table.textual.includes(column) ? 1 : -1;
    state.sort[table.id] = [column, column === current ? -direction : first];
    turned(table);
  }

  function turned(table) {
    state.page[table.id] = 0;
    sorted(table, table.shown);
    fill(table);
    remember();
  }

  function fill(table, all) {
    const total = table.shown.length;
    const last = Math.max(0, Math.ceil(total / PAGE) - 1);
    const page = Math.min(Math.max(state.page[table.id] || 0, 0), last);
    state.page[table.id] = page;
    const from = all ? 0 : page * PAGE;
    const to = Math.min(total, all ? MOST_PRINTED : from + PAGE);
    const body = document.createDocumentFragment();
    for (let i = from; i < to; i++) {
      const row = table.rows[table.shown[i]];
      body.append(make("tr", {}, ...row.map((value, c) => cell(table, c, value))));
    }
    table.body.replaceChildren(body);
    const [column, direction] = state.sort[table.id] || usual(table);
    table.heads.forEach((th, i) => {
      if (i === column) th.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else th.removeAttribute("aria-sort");
    });
    table.choice.value = column + " " + direction;
    table.scroll.hidden = total === 0;
    table.empty.hidden = total > 0;
    table.pager.hidden = total <= PAGE;
    table.where.textContent = number(from + 1) + "\u2013" + number(to) + " of " + number(total);
    table.back.forEach((b) => (b.disabled = page === 0));
    table.next.forEach((b) => (b.disabled = page === last));
    table.count.textContent =
      total === table.rows.length ? number(total) : number(total) + " of " + number(table.rows.length);
  }

  // ---- Timeline

  const eventText = (name) => texts.indexOf(name);
  const EVENT = records.columns.findIndex((c) => c.label === "Event");
  const RUN = eventText("run");
  const FETCH = eventText("fetch");
  const TRUST = eventText("trust");
  const ENTER = eventText("enter");
  const LANES = [
    { name: "Refused", kind: "refused", has: (row) => row[records.outcome] === 3 },
    { name: "Bypassed", kind: "bypassed", has: (row) => row[records.outcome] === 2 },
    { name: "Accepted", kind: "accepted", has: (row) => row[records.outcome] === 1 },
    { name: "Trust changed", kind: "trust", has: (row) => row[EVENT] === TRUST },
    { name: "Pods started", kind: "neutral", has: (row) => row[EVENT] === RUN },
    { name: "Fetched", kind: "neutral", has: (row) => row[EVENT] === FETCH },
    { name: "Entered", kind: "neutral", has: (row) => row[EVENT] === ENTER },
  ];
  const LANE = 30;
  const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
    172800, 604800, 1209600, 2592000, 7776000, 31536000].map((s) => s * 1000);

  let whole = [0, 1];
  {
    let low = Infinity;
    let high = -Infinity;
    for (const row of records.rows) {
      const at = row[records.time];
      if (at === NONE) continue;
      if (at < low) low = at;
      if (at > high) high = at;
    }
    if (low <= high) {
      const margin = Math.max(1000, Math.round((high - low) * 0.01));
      whole = [low - margin, high + margin];
    }
  }
  const view = () => (state.from === null ? whole : [state.from, state.to]);
  const plot = byId("plot");
  let points = []; // for each lane the moments, in order
  let scale = null;

  function gather(words) {
    const rows = wanted(records, words, false).map((i) => records.rows[i]);
    points = LANES.map((lane) =>
      Float64Array.from(rows.filter((row) => row[records.time] !== NONE && lane.has(row)), (row) => row[records.time]).sort());
  }

  function lowerBound(list, value) {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function tickLabel(ms, step) {
    const text = moment(ms);
    if (step >= 86400000) return text.slice(0, 10);
    if (step >= 60000) return ms % 86400000 === 0 ? text.slice(5, 10) : text.slice(11, 16);
    return text.slice(11);
  }

  function plotTimeline() {
    const width = Math.max(280, plot.clientWidth);
    const left = width < 560 ? 12 : 124;
    const right = 16;
    const lane = width < 560 ? LANE + 16 : LANE;
    const [from, to] = view();
    const inner = width - left - right;
    const x = (at) => left + ((at - from) / (to - from)) * inner;
    scale = { at: (px) => Math.round(from + ((Math.min(Math.max(px, left), width - right) - left) / inner) * (to - from)), x, left, right, width };
    const height = LANES.length * lane + 30;
    const svg = draw("svg", { viewBox: "0 0 " + width + " " + height, height, role: "img" });
    svg.setAttribute("aria-label", LANES.map((l, i) => l.name + ": " + (lowerBound(points[i], to + 1) - lowerBound(points[i], from))).join(", "));
    const most = Math.max(2, Math.floor(inner / 96));
    const step = STEPS.find((s) => (to - from) / s <= most) || STEPS[STEPS.length - 1] * Math.ceil((to - from) / STEPS[STEPS.length - 1] / most);
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      svg.append(draw("line", { class: "tick", x1: x(at), x2: x(at), y1: 4, y2: height - 24 }));
      const place = x(at) > width - 50 ? "end" : x(at) < left + 30 && left < 40 ? "start" : "middle";
      svg.append(draw("text", { x: x(at), y: height - 8, "text-anchor": place }, tickLabel(at, step)));
    }
    const bin = 5;
    const bins = Math.max(1, Math.floor(inner / bin));
    LANES.forEach((kind, n) => {
      const base = (n + 1) * lane;
      const counts = new Uint32Array(bins);
      let high = 0;
      let total = 0;
      for (let i = lowerBound(points[n], from); i < points[n].length && points[n][i] <= to; i++) {
        const b = Math.min(bins - 1, Math.floor(((points[n][i] - from) / (to - from)) * bins));
        high = Math.max(high, ++counts[b]);
        total++;
      }
      svg.append(draw("line", { class: "rule", x1: left, x2: width - right, y1: base + 0.5, y2: base + 0.5 }));
      const label = draw("text", { class: total ? "lane" : "lane quiet", x: left < 40 ? left : left - 14, y: left < 40 ? base - lane + 13 : base - 7, "text-anchor": left < 40 ? "start" : "end" }, kind.name);
      svg.append(label);
      const room = LANE - 8;
      for (let b = 0; b < bins; b++) {
        if (!counts[b]) continue;
        const tall = 5 + (room - 5) * Math.sqrt(counts[b] / high);
        svg.append(draw("rect", { class: kind.kind, x: left + (b * inner) / bins + 0.5, y: base - tall, width: inner / bins - 1, height: tall, rx: 1 }));
      }
    });
    scale.height = height;
    plot.replaceChildren(svg);
    byId("span").textContent = moment(from) + " \u2013 " + moment(to) + (state.from === null ? "" : ", " + number(LANES.reduce((sum, _, i) => sum + lowerBound(points[i], to + 1) - lowerBound(points[i], from), 0)) + " marks");
    byId("zoom-all").disabled = state.from === null;
    byId("zoom-out").disabled = state.from === null;
  }

  function zoom(from, to) {
    const low = Math.max(whole[0], Math.min(from, to));
    const high = Math.min(whole[1], Math.max(from, to));
    if (high - low >= (whole[1] - whole[0]) * 0.999) [state.from, state.to] = [null, null];
    else if (high - low >= 100) [state.from, state.to] = [Math.round(low), Math.round(high)];
    update();
  }
  function zoomBy(factor) {
    const [from, to] = view();
    const middle = (from + to) / 2;
    zoom(middle - ((to - from) / 2) * factor, middle + ((to - from) / 2) * factor);
  }
  function move(share) {
    const [from, to] = view();
    let by = (to - from) * share;
    by = Math.max(whole[0] - from, Math.min(whole[1] - to, by));
    zoom(from + by, to + by);
  }

  function listenToPlot() {
    let start = null;
    let brush = null;
    const place = (event) => event.clientX - plot.getBoundingClientRect().left - plot.clientLeft;
    const tip = make("div", { className: "tip", hidden: true });
    plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      start = place(event);
      plot.setPointerCapture(event.pointerId);
      brush = draw("rect", { class: "brush", y: 2, height: scale.height - 26, x: start, width: 0 });
      plot.firstChild.append(brush);
    });
    plot.addEventListener("pointermove", (event) => {
      const now = place(event);
      if (start !== null) {
        brush.setAttribute("x", Math.min(start, now));
        brush.setAttribute("width", Math.abs(now - start));
      }
      hint(now);
    });
    plot.addEventListener("pointerup", (event) => {
      if (start === null) return;
      const [a, b] = [start, place(event)];
      start = null;
      brush.remove();
      if (Math.abs(a - b) > 4) zoom(scale.at(a), scale.at(b));
    });
    plot.addEventListener("pointercancel", () => {
      start = null;
      if (brush) brush.remove();
    });
    plot.addEventListener("pointerleave", () => (tip.hidden = true));
    plot.addEventListener("dblclick", () => zoom(...whole));
    plot.addEventListener("keydown", (event) => {
      const keys = { ArrowLeft: () => move(-0.25), ArrowRight: () => move(0.25), "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2), 0: () => zoom(...whole), Escape: () => zoom(...whole) };
      if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        keys[event.key]();
      }
    });
    function hint(px) {
      const from = scale.at(px - 4);
      const to = scale.at(px + 4);
      const lines = LANES.flatMap((lane, i) => {
        const count = lowerBound(points[i], to + 1) - lowerBound(points[i], from);
        return count ? [lane.name + ": " + number(count)] : [];
      });
      tip.textContent = moment(scale.at(px)) + (lines.length ? "\n" + lines.join("\n") : "");
      tip.hidden = px < scale.left || px > scale.width - scale.right;
      tip.style.left = (px > scale.width / 2 ? px - 170 : px + 14) + "px";
      if (!tip.parentNode) plot.append(tip);
    }
  }

  // ---- The whole

  function update() {
    const words = matching();
    for (const table of tables) {
      if (table.rows.length === 0) continue;
      table.shown = sorted(table, wanted(table, words, true));
      fill(table);
    }
    gather(words);
    plotTimeline();
    for (const chip of document.querySelectorAll("[data-outcome]")) {
      chip.setAttribute("aria-pressed", String(state.show.includes(Number(chip.dataset.outcome))));
    }
    remember();
  }

  function remember() {
    const parts = new URLSearchParams();
    if (state.find) parts.set("find", state.find);
    if (state.show.length < 3) parts.set("show", state.show.map((o) => OUTCOMES[o]).join(","));
    if (state.from !== null) {
      parts.set("from", new Date(state.from).toISOString());
      parts.set("to", new Date(state.to).toISOString());
    }
    for (const table of tables) {
      const sort = state.sort[table.id];
      if (sort) parts.set("sort." + table.id, (sort[1] < 0 ? "-" : "") + table.columns[sort[0]].label);
      if (state.page[table.id]) parts.set("page." + table.id, state.page[table.id] + 1);
    }
    const text = parts.toString();
    if (text !== location.hash.slice(1) && (text || location.hash.includes("="))) history.replaceState(null, "", "#" + text);
  }

  function recall() {
    if (!location.hash.includes("=")) return;
    const parts = new URLSearchParams(location.hash.slice(1));
    state.find = parts.get("find") || "";
    const show = (parts.get("show") ?? "accepted,bypassed,refused").split(",");
    state.show = [1, 2, 3].filter((o) => show.includes(OUTCOMES[o]));
    const from = Date.parse(parts.get("from"));
    const to = Date.parse(parts.get("to"));
    if (from < to) [state.from, state.to] = [from, to];
    for (const table of tables) {
      const sort = parts.get("sort." + table.id) || "";
      const column = table.columns.findIndex((c) => c.label === sort.replace(/^-/, ""));
      if (column >= 0) state.sort[table.id] = [column, sort.startsWith("-") ? -1 : 1];
      const page = Number(parts.get("page." + table.id));
      if (page > 1) state.page[table.id] = page - 1;
    }
    byId("find").value = state.find;
  }

  function listen() {
    let waiting = 0;
    const firstPages = () => (state.page = {});
    byId("find").addEventListener("input", (event) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        state.find = event.target.value;
        firstPages();
        update();
      }, 120);
    });
    document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
    for (const chip of document.querySelectorAll("[data-outcome]")) {
      chip.addEventListener("click", () => {
        const outcome = Number(chip.dataset.outcome);
        state.show = [1, 2, 3].filter((o) => state.show.includes(o) !== (o === outcome));
        firstPages();
        update();
      });
    }
    byId("reset").addEventListener("click", () => {
      Object.assign(state, { find: "", show: [1, 2, 3], from: null, to: null, sort: {}, page: {} });
      byId("find").value = "";
      update();
    });
    byId("zoom-in").addEventListener("click", () => zoomBy(0.5));
    byId("zoom-out").addEventListener("click", () => zoomBy(2));
    byId("zoom-all").addEventListener("click", () => zoom(...whole));
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
        event.preventDefault();
        byId("find").focus();
      }
    });
    addEventListener("resize", plotTimeline);
    addEventListener("beforeprint", () => tables.forEach((t) => t.rows.length && fill(t, true)));
    addEventListener("afterprint", () => tables.forEach((t) => t.rows.length && fill(t)));
  }

  for (const element of document.querySelectorAll(".js")) element.hidden = false;
  for (const table of tables) if (table.rows.length) build(table);
  recall();
  listenToPlot();
  listen();
  update();
  document.documentElement.dataset.ready = "yes";
})();
