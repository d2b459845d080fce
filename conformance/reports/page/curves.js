// The losses, and below them how far apart they are.

const curveNow = () => data.curves[Number(byId("curve-choice")?.value ?? 0)];
const LEAST = 1e-3;

function drawCurve() {
  const curve = curveNow();
  const colours = theme();
  const steps = curve.reference.map((_, number) => curve.first + number);
  const clip = 10 ** Math.max(3, ...curve.apart.filter((a) => finite(a) && a > 0).map(Math.log10));
  const apart = curve.apart.map((a) => (finite(a) ? Math.max(a, LEAST) : clip));
  const gaps = (values) => values.map((value) => (finite(value) ? value : null));
  const said = steps.map((step, number) => [
    `step ${step}`, `reference ${exact(curve.reference[number])}`,
    `port      ${exact(curve.port[number])}`, ofBudget(curve.apart[number]),
  ].map(plain).join("<br>").replaceAll("  ", "\u00a0\u00a0"));
  const line = (name, y, more) => ({
    type: "scatter", mode: "lines", name, x: steps, y, hoverinfo: "skip", ...more,
  });
  const wrong = curve.apart.map(isWrong);
  const pick = (flags, values) => values.map((value, number) => (flags[number] ? value : null));
  const right = wrong.map((flag) => !flag);
  const dots = (name, flags, marker) => ({
    type: "scatter", mode: "markers", name, x: steps, y: pick(flags, apart), yaxis: "y2",
    hoverinfo: "text", hovertext: said, marker, showlegend: false,
  });
  const mode = steps.length > 1 ? "lines" : "markers";
  const traces = [
    line("envelope", gaps(curve.lower), { line: { width: 0 }, showlegend: false }),
    line("envelope", gaps(curve.upper), { line: { width: 0 }, fill: "tonexty", fillcolor: colours.band }),
    line("reference", gaps(curve.reference), { mode, opacity: 0.5, line: { color: colours.muted, width: 7 } }),
    line("port", gaps(curve.port), {
      mode, line: { color: colours.accent, width: 1.8 }, hoverinfo: "text", hovertext: said,
    }),
    dots("within", right, { color: colours.accent, size: 6 }),
    dots("outside", wrong, { color: colours.wrong, size: 8, symbol: "x" }),
  ];
  const axis = axisOf(colours, { title: { text: "loss, nats", standoff: 14, font: { color: colours.muted, size: 12 } } });
  const layout = layoutOf(colours, {
    height: 460, margin: { l: 80, r: 16, t: 36, b: 48 }, hovermode: "closest", dragmode: "zoom",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    xaxis: axisOf(colours, {
      title: { text: "step of the training", font: { color: colours.muted, size: 12 } }, anchor: "y2", tickformat: "d",
      ...(steps.length < 12 ? { dtick: 1 } : {}),
    }),
    yaxis: { ...axis, domain: [0.42, 1] },
    yaxis2: axisOf(colours, {
      type: "log", domain: [0, 0.32], range: [Math.log10(LEAST) - 0.4, Math.log10(clip) + 0.6],
      title: { text: "of budget", standoff: 14, font: { color: colours.muted, size: 12 } }, exponentformat: "power",
      nticks: 6,
    }),
    shapes: [{
      type: "line", xref: "paper", x0: 0, x1: 1, yref: "y2", y0: 1, y1: 1,
      line: { color: colours.text, width: 1, dash: "dash" },
    }],
  });
  const out = wrong.filter(Boolean).length;
  const firstOut = wrong.indexOf(true);
  byId("curve-says").textContent = `${curve.case}: ${steps.length} losses from step ${curve.first} on; ${
    out ? `${out} outside of the envelope, first at step ${steps[firstOut]}` : "all within the envelope"}.`;
  return Plotly.react(byId("curve"), traces, layout, config);
}

if (data.curves.length) {
  byId("curve-choice")?.addEventListener("change", drawCurve);
  drawCurve();
}
