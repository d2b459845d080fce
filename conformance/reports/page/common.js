"use strict";

// What the drawings share. The files are put together into one function, in this order:
// common, maps, curves, page.

const data = JSON.parse(document.getElementById("data").textContent);
const darkness = window.matchMedia("(prefers-color-scheme: dark)");
const byId = (id) => document.getElementById(id);
const finite = (value) => typeof value === "number";

// Numbers as they are: to the last digit, with the sign of zero, and what is not finite by name.
const exact = (value) => (Object.is(value, -0) ? "-0.0" : String(value ?? "nothing"));
const amount = (value) => {
  if (!finite(value)) return "beyond measure";
  if (value > 1 && value < 10) return value.toPrecision(3);
  if (value === 0 || (value >= 1e-4 && value < 100)) return String(Number(value.toPrecision(2)));
  const [digits, power] = value.toExponential(1).split("e");
  return `${digits.replace(".0", "")}e${power.replace(/^([+-])(\d)$/, "$10$2")}`;
};
const ofBudget = (value) => (finite(value) ? `${amount(value)} of budget` : amount(value));
const isWrong = (value) => !(finite(value) && value <= 1);

// Plotly reads a few tags in its labels; ours have none.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const SCALES = {
  light: { right: ["#f2f5f9", "#a9c4e2"], wrong: ["#e8822a", "#57130a"] },
  dark: { right: ["#1b2530", "#2f5b8a"], wrong: ["#d9651b", "#fff1c9"] },
};

function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    text: read("--text"), muted: read("--muted"), line: read("--line"), surface: read("--surface"),
    accent: read("--accent"), wrong: read("--wrong"), band: read("--band"), frame: read("--frame"),
    font: read("--sans"), mono: read("--mono"),
    scale: SCALES[darkness.matches ? "dark" : "light"],
  };
}

function layoutOf(colours, more) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: colours.font, color: colours.text, size: 13 },
    hoverlabel: {
      bgcolor: colours.surface, bordercolor: colours.line, align: "left",
      font: { family: colours.mono, color: colours.text, size: 13 },
    },
    ...more,
  };
}

const axisOf = (colours, more) => ({
  gridcolor: colours.line, linecolor: colours.line, zerolinecolor: colours.line,
  tickfont: { color: colours.muted, size: 12 }, title: { font: { color: colours.muted, size: 12 } },
  ...more,
});

const config = { displayModeBar: false, responsive: true, scrollZoom: false };
