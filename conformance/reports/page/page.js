// The rest of the page.

function redraw() {
  if (data.maps.length) drawMap();
  if (data.curves.length) drawCurve();
}
darkness.addEventListener("change", redraw);

let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  redraw();
});

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  throw new Error("no clipboard");
}

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const source = button.parentElement.querySelector("pre");
    let said = "Copied";
    try {
      await copy(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      said = "Selected";
    }
    button.textContent = said;
    byId("status").textContent = said;
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// A drawing that is wider than the page begins at what is wrong.
const flag = document.querySelector(".flow .is-first");
const drawing = flag?.closest(".scroll");
if (drawing && drawing.scrollWidth > drawing.clientWidth) {
  const place = flag.getBoundingClientRect();
  drawing.scrollLeft = place.left + place.width / 2 - drawing.getBoundingClientRect().left - drawing.clientWidth / 2;
}
