"use strict";
// Replaces each static picture by a figure to explore, when it comes into view; refreshes pages of running studies.
(() => {
  const script = document.currentScript;

  const draw = (figure) => {
    const box = figure.querySelector(".plot");
    const text = figure.querySelector(".figure-data").textContent;
    const config = { responsive: true, displaylogo: false, showSendToCloud: false };
    const { narrow, narrow_below: least } = JSON.parse(text).layout.meta;
    let isNarrow;

    const plot = async () => {
      const chart = JSON.parse(text);
      isNarrow = box.clientWidth < least;
      await Plotly.newPlot(box, chart.data, chart.layout, config);
      if (isNarrow) await Plotly.relayout(box, narrow);
    };
    const show = () =>
      plot().catch((error) => {
        figure.classList.remove("is-live");
        box.hidden = true;
        console.error(error);
      });

    box.hidden = false;
    figure.classList.add("is-live");
    show();
    addEventListener("resize", () => {
      if (box.clientWidth && isNarrow !== box.clientWidth < least) show();
    });
  };

  const drawInView = () => {
    const figures = [...document.querySelectorAll(".figure")].filter((figure) => figure.querySelector(".figure-data"));
    if (!figures.length || typeof Plotly === "undefined") return;
    const watcher = new IntersectionObserver(
      (entries) => {
        for (const entry of entries.filter((seen) => seen.isIntersecting)) {
          watcher.unobserve(entry.target);
          draw(entry.target);
        }
      },
      { rootMargin: "600px" },
    );
    figures.forEach((figure) => watcher.observe(figure));
  };

  const keepOpenDetails = () => {
    const key = `vsearch-open ${location.pathname}`;
    try {
      for (const id of JSON.parse(sessionStorage.getItem(key) ?? "[]")) {
        const details = document.getElementById(id);
        if (details instanceof HTMLDetailsElement) details.open = true;
      }
      addEventListener("pagehide", () => {
        const open = [...document.querySelectorAll("details[open]")].map((details) => details.id);
        sessionStorage.setItem(key, JSON.stringify(open));
      });
    } catch {
      // A file of its own, or a browser that keeps nothing: details begin closed.
    }
  };

  const refresh = (seconds) => {
    setInterval(() => {
      if (document.visibilityState === "visible" && !document.querySelector(".plot:hover")) location.reload();
    }, 1000 * seconds);
  };

  const start = () => {
    keepOpenDetails();
    drawInView();
    if (script?.dataset.refresh) refresh(Number(script.dataset.refresh));
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
