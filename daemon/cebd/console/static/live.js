// What changes by itself: one stream of numbers tells that something has changed, and the parts of the page that may have changed are
// fetched again (`hx-trigger="changed"`). A hidden page lets the stream go; seen again, it names the last number that it had.
"use strict";
(() => {
  const parts = () => document.querySelectorAll('[hx-trigger*="changed"]');
  let number = document.body.dataset.live;
  let stream = null;
  let waiting = null;

  function fetchAgain(spread) {
    if (waiting) return;
    waiting = setTimeout(() => {
      waiting = null;
      for (const part of parts()) part.dispatchEvent(new CustomEvent("changed"));
    }, Math.random() * spread);
  }

  const away = document.getElementById("away");

  function listen() {
    if (stream || document.hidden || !number || !parts().length) return;
    stream = new EventSource(`/events?after=${number}`);
    stream.onopen = () => (away.hidden = true);
    stream.onerror = () => {
      if (stream.readyState !== EventSource.CLOSED) return (away.hidden = false); // it tries again by itself
      // The session is over: the parts of the page, asked once more, lead to the login. Else the station has too much to do.
      leave();
      fetchAgain(0);
      setTimeout(listen, 60_000);
    };
    stream.onmessage = (event) => {
      number = event.lastEventId;
      fetchAgain(Number(event.data) || 0);
    };
  }

  function leave() {
    if (stream) stream.close();
    stream = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", listen);
  listen();
})();

// A page is printed as it stands; the style sheet leaves out what is for the screen alone.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
