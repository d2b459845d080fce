// The heat maps: one is drawn at a time.

const map = { box: byId("map"), tensor: 0, step: 0, cursor: null };
const tensorNow = () => data.maps[map.tensor];
const gridNow = () => tensorNow().steps[map.step];

function pointerTo(grid, number) {
  if (grid.index.length === 0) return grid.pointer;
  const coordinates = [];
  let rest = number;
  for (const size of [...grid.index].reverse()) {
    coordinates.unshift(size > 0 ? rest % size : 0);
    rest = size > 0 ? Math.floor(rest / size) : 0;
  }
  return `${grid.pointer}/${coordinates.join("/")}`;
}

const numberAt = (grid, row, column) => row * grid.columns + column;

function inRows(grid, values) {
  return Array.from({ length: grid.rows }, (_, row) =>
    Array.from({ length: grid.columns }, (_, column) => {
      const number = numberAt(grid, row, column);
      return number < values.length ? values[number] : null;
    }));
}

function facts(grid, number) {
  return [
    pointerTo(grid, number),
    `expected ${exact(grid.expected[number])}`,
    `got      ${exact(grid.got[number])}`,
    ofBudget(grid.errors[number]),
  ];
}

// A power of ten budgets, clipped; what is not finite is as far out as can be.
function height(error) {
  if (!finite(error)) return data.highest;
  return Math.min(data.highest, Math.max(data.lowest, error > 0 ? Math.log10(error) : data.lowest));
}

// Two ranges of colour that meet at one budget, and do not pass into each other.
function colourScale({ right, wrong }) {
  const border = -data.lowest / (data.highest - data.lowest);
  return [[0, right[0]], [border, right[1]], [border, wrong[0]], [1, wrong[1]]];
}

const power = (exponent) => (exponent === 0 ? "1 budget" : `10<sup>${exponent}</sup>`);

function colourBar(colours, room) {
  const { lowest, highest } = data;
  const length = Math.min(340, room - 90);
  const apart = Math.max(1, Math.ceil(((highest - lowest) * 56) / length / 3)) * 3;
  const ticks = [];
  for (let tick = lowest; tick <= highest - apart / 2; tick += apart) ticks.push(tick);
  if (!ticks.includes(0)) ticks.push(0);
  return {
    orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom", ypad: 14, xpad: 0,
    len: length, lenmode: "pixels", thickness: 10, outlinewidth: 0, ticklen: 4, tickcolor: colours.line,
    tickvals: [...ticks, highest],
    ticktext: [...ticks.map((tick) => (tick === lowest ? `≤ ${power(tick)}` : power(tick))),
      `≥ ${power(highest)}`],
    tickfont: { color: colours.muted, size: 11 },
  };
}

function frame(grid, number, line) {
  const row = Math.floor(number / grid.columns);
  const column = number % grid.columns;
  return {
    type: "rect", x0: column - 0.5, x1: column + 0.5, y0: row - 0.5, y1: row + 0.5, line,
  };
}

function worstOf(grid) {
  const far = (error) => (finite(error) ? error : Infinity);
  return [...grid.errors.keys()].sort((a, b) => far(grid.errors[b]) - far(grid.errors[a]) || a - b);
}

function rowTicks(grid) {
  const apart = Math.ceil(grid.rows / 24);
  const rows = [...Array(grid.rows).keys()].filter((row) => row % apart === 0);
  const folded = grid.index.length === 1;
  const label = (row) => {
    if (grid.index.length === 0) return "";
    if (folded) return String(row * grid.columns);
    const parts = pointerTo({ ...grid, pointer: "" }, row * grid.columns).split("/");
    return parts.slice(1, -1).join("/");
  };
  return { tickvals: rows, ticktext: rows.map(label) };
}

function shapes(grid, colours) {
  const worst = worstOf(grid)[0];
  const drawn = [];
  if (worst !== undefined && isWrong(grid.errors[worst])) {
    drawn.push(frame(grid, worst, { color: colours.frame, width: 2.5 }));
  }
  if (map.cursor !== null) {
    drawn.push(frame(grid, map.cursor, { color: colours.accent, width: 3 }));
  }
  return drawn;
}

function drawMap() {
  const grid = gridNow();
  const colours = theme();
  const room = map.box.clientWidth;
  const cellHeight = Math.min(28, Math.max(7, Math.floor(560 / grid.rows)));
  const margin = { l: 56, r: 16, t: 56, b: 36 };
  const cellWidth = Math.min(2.2 * cellHeight, Math.max(4, (room - margin.l - margin.r) / grid.columns));
  const width = Math.max(Math.min(room, 420), Math.round(cellWidth * grid.columns) + margin.l + margin.r);
  margin.r = Math.max(margin.r, width - margin.l - Math.round(cellWidth * grid.columns));
  const gap = Math.min(cellHeight, cellWidth) >= 9 ? 1 : 0;
  const texts = grid.errors.map((_, number) =>
    facts(grid, number).map(plain).join("<br>").replaceAll("  ", "\u00a0\u00a0"));
  const heatmap = {
    type: "heatmap", z: inRows(grid, grid.errors.map(height)), zmin: data.lowest, zmax: data.highest,
    colorscale: colourScale(colours.scale), colorbar: colourBar(colours, room), xgap: gap, ygap: gap,
    hoverongaps: false, hoverinfo: "text", hovertext: inRows(grid, texts),
    text: inRows(grid, grid.errors.map((error, number) =>
      (finite(error) && finite(grid.got[number]) ? "" : "×"))),
    texttemplate: "%{text}", textfont: { size: Math.min(13, cellHeight) },
  };
  const layout = layoutOf(colours, {
    width, height: cellHeight * grid.rows + margin.t + margin.b, margin, dragmode: false,
    xaxis: axisOf(colours, {
      showgrid: false, zeroline: false, fixedrange: true, ticks: "", range: [-0.5, grid.columns - 0.5],
      tickformat: "d", dtick: Math.max(1, Math.ceil(grid.columns / Math.floor(width / 34))),
    }),
    yaxis: axisOf(colours, {
      showgrid: false, zeroline: false, fixedrange: true, ticks: "", range: [grid.rows - 0.5, -0.5],
      ...rowTicks(grid),
    }),
    shapes: shapes(grid, colours),
  });
  return Plotly.react(map.box, [heatmap], layout, config);
}

function sayMap() {
  const grid = gridNow();
  const wrong = grid.errors.filter(isWrong).length;
  const worst = worstOf(grid)[0];
  const parts = [`${grid.case}, ${grid.pointer || "/"}`];
  if (grid.step !== null) parts.push(`step ${grid.step} of the training`);
  parts.push(grid.index.length ? `${grid.index.join(" × ")} numbers` : "one number");
  parts.push(wrong ? `${wrong} of ${grid.errors.length} outside of budget` : "all within budget");
  if (worst !== undefined) {
    parts.push(`worst ${ofBudget(grid.errors[worst])} at ${pointerTo(grid, worst)}`);
  }
  byId("map-says").textContent = `${parts.join("; ")}.`;
}

function tableOfWorst() {
  const grid = gridNow();
  const rows = worstOf(grid).slice(0, 12).map((number) => {
    const row = document.createElement("tr");
    const place = document.createElement("th");
    place.scope = "row";
    place.textContent = pointerTo(grid, number);
    row.append(place);
    const values = [exact(grid.expected[number]), exact(grid.got[number]), amount(grid.errors[number])];
    for (const value of values) {
      const cell = document.createElement("td");
      cell.className = "number";
      cell.textContent = value;
      row.append(cell);
    }
    return row;
  });
  byId("map-worst").tBodies[0].replaceChildren(...rows);
}

function showSteps() {
  const { steps } = tensorNow();
  byId("map-steps").hidden = steps.length < 2;
  const slider = byId("map-step");
  slider.max = String(steps.length - 1);
  slider.value = String(map.step);
  slider.setAttribute("aria-valuetext", `step ${steps[map.step].step ?? map.step}`);
  byId("map-before").disabled = map.step === 0;
  byId("map-after").disabled = map.step === steps.length - 1;
}

function showMap() {
  map.cursor = null;
  byId("map-number").textContent = "";
  showSteps();
  sayMap();
  tableOfWorst();
  return drawMap();
}

function toStep(step) {
  map.step = Math.min(Math.max(step, 0), tensorNow().steps.length - 1);
  showMap();
}

// With the keyboard: a frame goes from number to number, and what it stands on is told.
function moveCursor(event) {
  const grid = gridNow();
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns };
  if (event.key === "Escape") return leaveCursor();
  if (!(event.key in moves) && event.key !== "Home") return undefined;
  event.preventDefault();
  const isNew = map.cursor === null || event.key === "Home";
  const to = isNew ? worstOf(grid)[0] ?? 0 : map.cursor + moves[event.key];
  if (to < 0 || to >= grid.errors.length) return undefined;
  map.cursor = to;
  byId("map-number").textContent = facts(grid, to).join(", ");
  return Plotly.relayout(map.box, { shapes: shapes(grid, theme()) }).then(() => {
    const [xval, yval] = [to % grid.columns, Math.floor(to / grid.columns)];
    Plotly.Fx.hover(map.box, [{ curveNumber: 0, xval, yval }]);
  });
}

function leaveCursor() {
  if (map.cursor === null) return undefined;
  map.cursor = null;
  Plotly.Fx.unhover(map.box);
  return Plotly.relayout(map.box, { shapes: shapes(gridNow(), theme()) });
}

if (data.maps.length) {
  byId("map-choice").addEventListener("change", (event) => {
    map.tensor = Number(event.target.value);
    toStep(map.tensor === data.start[0] ? data.start[1] : 0);
  });
  byId("map-before").addEventListener("click", () => toStep(map.step - 1));
  byId("map-after").addEventListener("click", () => toStep(map.step + 1));
  byId("map-step").addEventListener("input", (event) => toStep(Number(event.target.value)));
  map.box.addEventListener("keydown", moveCursor);
  map.box.addEventListener("blur", leaveCursor);
  map.tensor = Number(byId("map-choice").value);
  toStep(map.tensor === data.start[0] ? data.start[1] : 0);
}
