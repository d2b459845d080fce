"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const darkness = window.matchMedia("screen and (prefers-color-scheme: dark)");
const byId = (id) => document.getElementById(id);

// Numbers to the last digit, with the sign of zero.
const exact = (value) => (Object.is(value, -0) ? "-0.0" : String(value));
const amount = (value) => {
  if (!Number.isFinite(value)) return "beyond measure";
  if (value > 1 && value < 10) return value.toPrecision(3);
  if (value === 0 || (value >= 1e-4 && value < 100)) return String(Number(value.toPrecision(2)));
  const [digits, power] = value.toExponential(1).split("e");
  return `${digits.replace(".0", "")}e${power.replace(/^([+-])(\d)$/, "$10$2")}`;
};
const ofBudget = (value) => amount(value) + (Number.isFinite(value) ? " of budget" : "");
const isWrong = (error) => !(error <= 1);
const severity = (error) => (Number.isFinite(error) ? error : Infinity);

// The heat map that is shown, the frame that arrow keys move, and where its cells are drawn.
const map = { box: byId("map"), canvas: byId("map-canvas"), tensor: 0, step: 0, cursor: null };

const tensorNow = () => data.maps[map.tensor];

function show() {
  const { steps } = tensorNow();
  const grid = steps[map.step];
  const bytes = Uint8Array.from(atob(grid.numbers), (char) => char.charCodeAt(0));
  const numbers = new Float64Array(bytes.buffer);
  const size = numbers.length / 3;
  const [expected, got, errors] = [0, 1, 2].map((n) => numbers.slice(n * size, (n + 1) * size));
  const worst = [...errors.keys()].sort((a, b) => severity(errors[b]) - severity(errors[a]) || a - b);
  Object.assign(map, { grid, expected, got, errors, worst, cursor: null });
  byId("map-steps").hidden = steps.length < 2;
  const slider = byId("map-step");
  slider.max = String(steps.length - 1);
  slider.value = String(map.step);
  slider.setAttribute("aria-valuetext", `step ${grid.step ?? map.step}`);
  byId("map-before").disabled = map.step === 0;
  byId("map-after").disabled = map.step === steps.length - 1;
  describe();
  fillTable();
  say(null);
  draw();
}

function describe() {
  const { grid, errors, worst } = map;
  const parts = [`${grid.case}, ${grid.pointer || "/"}`];
  if (grid.step !== null) parts.push(`step ${grid.step} of the training`);
  parts.push(grid.index.length ? `${grid.index.join(" × ")} numbers` : "one number");
  parts.push(grid.wrong ? `${grid.wrong} of ${errors.length} outside of budget` : "all within budget");
  if (worst.length) parts.push(`worst ${ofBudget(errors[worst[0]])} at ${pointerTo(worst[0])}`);
  byId("map-says").textContent = `${parts.join("; ")}.`;
}

function fillTable() {
  const rows = map.worst.slice(0, 12).map((number) => {
    const row = document.createElement("tr");
    const cells = [pointerTo(number), exact(map.expected[number]), exact(map.got[number]),
      amount(map.errors[number])];
    for (const [column, text] of cells.entries()) {
      const cell = document.createElement(column ? "td" : "th");
      if (column) cell.className = "number";
      else cell.scope = "row";
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  });
  byId("map-worst").tBodies[0].replaceChildren(...rows);
}

function indexOf(number) {
  const coordinates = [];
  for (const size of [...map.grid.index].reverse()) {
    coordinates.unshift(size > 0 ? number % size : 0);
    number = size > 0 ? Math.floor(number / size) : 0;
  }
  return coordinates;
}

const pointerTo = (number) => [map.grid.pointer, ...indexOf(number)].join("/");

// Says what stands at a place, or how to find out.
function say(number) {
  byId("map-number").textContent = number === null ? data.hint : [
    pointerTo(number), `expected ${exact(map.expected[number])}`, `got ${exact(map.got[number])}`,
    ofBudget(map.errors[number]),
  ].join(", ");
}

// Between two colors, each `#rrggbb`.
function mixed([from, to], share) {
  const parts = [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((color) => parseInt(color.slice(at, at + 2), 16));
    return Math.round(a + (b - a) * share);
  });
  return `rgb(${parts.join(" ")})`;
}

// Two ranges of color that meet at one budget, and do not pass into each other.
function colorOf(error, colors) {
  const power = Math.min(data.highest, Math.max(data.lowest, Math.log10(severity(error))));
  return isWrong(error)
    ? mixed(colors.wrong, power / data.highest)
    : mixed(colors.right, 1 - power / data.lowest);
}

function draw() {
  const { grid, errors, got, canvas } = map;
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const colors = { right: [color("map-0"), color("map-1")], wrong: [color("map-2"), color("map-3")] };
  const [left, bottom] = [44, 20];
  const height = Math.min(28, Math.max(8, Math.floor(560 / grid.rows)));
  const room = (map.box.clientWidth - left - 4) / grid.columns;
  const width = Math.max(8, Math.floor(Math.min(2.2 * height, room)));
  Object.assign(map, { left, width, height });
  Object.assign(canvas.dataset, { left, width, height });
  const [across, down] = [left + width * grid.columns + 2, height * grid.rows + bottom];
  const scale = window.devicePixelRatio;
  Object.assign(canvas, { width: across * scale, height: down * scale });
  Object.assign(canvas.style, { width: `${across}px`, height: `${down}px` });
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  for (const [number, error] of errors.entries()) {
    const [x, y] = cornerOf(number);
    pen.fillStyle = colorOf(error, colors);
    pen.fillRect(x, y, width - 1, height - 1);
    if (isWrong(error)) stroke(pen, x, y, color("page"), Number.isFinite(error) && Number.isFinite(got[number]));
  }
  labels(pen, color("muted"), style.getPropertyValue("--sans"));
  const [worst] = map.worst;
  if (worst !== undefined && isWrong(errors[worst])) frame(pen, worst, color("frame"));
  if (map.cursor !== null) frame(pen, map.cursor, color("accent"));
}

const cornerOf = (number) => [
  map.left + map.width * (number % map.grid.columns),
  map.height * Math.floor(number / map.grid.columns) + 1,
];

// What is wrong has a stroke through it, and what is no number a cross.
function stroke(pen, x, y, color, isNumber) {
  const [w, h] = [map.width - 1, map.height - 1];
  pen.strokeStyle = color;
  pen.lineWidth = isNumber ? 0.8 : 1.6;
  pen.beginPath();
  pen.moveTo(x + 2, y + h - 2);
  pen.lineTo(x + w - 2, y + 2);
  if (!isNumber) {
    pen.moveTo(x + 2, y + 2);
    pen.lineTo(x + w - 2, y + h - 2);
  }
  pen.stroke();
}

function frame(pen, number, color) {
  const [x, y] = cornerOf(number);
  pen.strokeStyle = color;
  pen.lineWidth = 2.5;
  pen.strokeRect(x - 0.5, y - 0.5, map.width, map.height);
}

function labels(pen, color, font) {
  const { grid, left, width, height } = map;
  Object.assign(pen, { fillStyle: color, font: `11px ${font}`, textAlign: "right", textBaseline: "middle" });
  for (let row = 0; row < grid.rows && grid.index.length; row += Math.ceil(14 / height)) {
    const folded = grid.index.length === 1;
    const label = folded ? row * grid.columns : indexOf(row * grid.columns).slice(0, -1).join("/");
    pen.fillText(label, left - 6, (row + 0.5) * height);
  }
  pen.textAlign = "center";
  for (let column = 0; column < grid.columns; column += Math.ceil(26 / width)) {
    pen.fillText(column, left + (column + 0.5) * width, height * grid.rows + 11);
  }
}

// With the keyboard: a frame goes from number to number, and what it stands on is said.
function moveCursor(event) {
  const { columns } = map.grid;
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (event.key === "Escape") return leave();
  if (!(event.key in moves) && event.key !== "Home") return;
  event.preventDefault();
  const isNew = map.cursor === null || event.key === "Home";
  const to = isNew ? map.worst[0] ?? 0 : map.cursor + moves[event.key];
  if (to < 0 || to >= map.errors.length) return;
  map.cursor = to;
  say(to);
  draw();
}

function pointAt(event) {
  const box = map.canvas.getBoundingClientRect();
  const column = Math.floor((event.clientX - box.left - map.left) / map.width);
  const row = Math.floor((event.clientY - box.top) / map.height);
  const number = row * map.grid.columns + column;
  const isInside = column >= 0 && column < map.grid.columns && number >= 0 && number < map.errors.length;
  say(isInside ? number : map.cursor);
}

function leave() {
  map.cursor = null;
  say(null);
  draw();
}

function toStep(step) {
  map.step = Math.min(Math.max(step, 0), tensorNow().steps.length - 1);
  show();
}

function choose() {
  map.tensor = Number(byId("map-choice").value);
  toStep(map.tensor === data.start[0] ? data.start[1] : 0);
}

if (data.maps.length) {
  byId("map-choice").addEventListener("change", choose);
  byId("map-before").addEventListener("click", () => toStep(map.step - 1));
  byId("map-after").addEventListener("click", () => toStep(map.step + 1));
  byId("map-step").addEventListener("input", (event) => toStep(Number(event.target.value)));
  map.box.addEventListener("keydown", moveCursor);
  map.box.addEventListener("blur", leave);
  map.canvas.addEventListener("pointermove", pointAt);
  map.canvas.addEventListener("pointerdown", pointAt);
  map.canvas.addEventListener("pointerleave", () => say(map.cursor));
  darkness.addEventListener("change", draw);
  window.addEventListener("resize", draw);
  choose();
}

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const source = button.parentElement.querySelector("pre");
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch { // there is no clipboard, or this page may not use it
      getSelection().selectAllChildren(source);
      said = "Selected";
    }
    button.textContent = said;
    byId("status").textContent = said;
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// A drawing that is wider than the page begins at what is wrong.
const first = document.querySelector(".flow .is-first");
const drawing = first?.closest(".scroll");
if (drawing && drawing.scrollWidth > drawing.clientWidth) {
  const place = first.getBoundingClientRect();
  drawing.scrollLeft = place.left + place.width / 2 - drawing.getBoundingClientRect().left - drawing.clientWidth / 2;
}
