// What pages do beyond HTML: code lists beside their fields, and a grid that takes what was copied in Excel.
"use strict";
(() => {
  const filled = new Set();

  // A list of codes is fetched when a field that chooses from it is first entered.
  document.addEventListener("focusin", async (event) => {
    const name = event.target.getAttribute && event.target.getAttribute("list");
    const list = name && document.getElementById(name);
    if (!list || !name.startsWith("c-") || filled.has(name)) return;
    filled.add(name);
    try {
      const answer = await fetch(`/codes/${name.slice(2)}?as=json`);
      for (const [code, text] of await answer.json()) {
        const option = document.createElement("option");
        option.value = code;
        option.label = `${code} ${text}`;
        list.append(option);
      }
    } catch {
      filled.delete(name); // asked again next time
    }
  });

  const grid = () => document.querySelector("table.grid tbody");
  const cells = (row) => [...row.querySelectorAll("input")];

  function place(input) {
    const row = input.closest("tr");
    return { row, rows: [...grid().rows], column: cells(row).indexOf(input) };
  }

  // One more row, like the last one and empty.
  function add() {
    const body = grid();
    const last = body.rows[body.rows.length - 1];
    const row = last.cloneNode(true);
    const number = body.rows.length;
    row.cells[0].textContent = String(Number(last.cells[0].textContent) + 1);
    for (const input of cells(row)) {
      input.value = "";
      input.name = input.name.replace(/^line\.\d+/, `line.${number}`);
      input.id = input.name.replaceAll(".", "-");
      input.removeAttribute("aria-invalid");
      input.parentElement.querySelector(".offer")?.remove();
    }
    body.append(row);
    return row;
  }

  // What a paste or a fill has changed, for Ctrl+Z: browsers undo only what was typed.
  let changed = [];

  function change(cellsWithTexts, focused) {
    changed.push(cellsWithTexts.map(([input]) => [input, input.value]));
    for (const [input, text] of cellsWithTexts) input.value = text;
    focused.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("input", (event) => {
    if (event.isTrusted && event.target.closest("table.grid")) changed = [];
  });

  // Ctrl+D: as in the row above; with shift the rows below that say nothing, as here. Ctrl+Z: back.
  function fillOrUndo(event) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || (key !== "d" && key !== "z")) return false;
    const { row, rows, column } = place(event.target);
    if (key === "z") {
      if (!changed.length) return false;
      for (const [input, text] of changed.pop()) input.value = text;
      event.target.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (event.shiftKey) {
      const below = rows.slice(rows.indexOf(row) + 1).filter((other) => cells(other).some((input) => input.value));
      const empty = below.map((other) => cells(other)[column]).filter((input) => !input.value);
      if (empty.length) change(empty.map((input) => [input, event.target.value]), event.target);
    } else {
      const above = rows[rows.indexOf(row) - 1];
      if (above) change([[event.target, cells(above)[column].value]], event.target);
    }
    event.preventDefault();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (!event.target.closest || !event.target.closest("table.grid")) return;
    if (fillOrUndo(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.target.getAttribute("list")) return;
    const { row, rows, column } = place(event.target);
    let next = rows[rows.indexOf(row) + step];
    if (!next && step > 0 && cells(row).some((input) => input.value)) next = add();
    if (next) {
      event.preventDefault();
      cells(next)[column].focus();
    }
  });

  document.addEventListener("paste", (event) => {
    if (!event.target.closest || !event.target.closest("table.grid")) return;
    const text = event.clipboardData.getData("text/plain").replace(/\r?\n$/, "");
    if (!/[\t\n]/.test(text)) return;
    event.preventDefault();
    const { row, rows, column } = place(event.target);
    let at = rows.indexOf(row);
    const pasted = [];
    for (const line of text.split(/\r?\n/)) {
      const inputs = cells(grid().rows[at] || add());
      line.split("\t").forEach((value, nth) => {
        const input = inputs[column + nth];
        if (input) pasted.push([input, value.trim()]);
      });
      at += 1;
    }
    change(pasted, event.target);
  });

  // What is typed into a form is kept and judged: fields that were touched say at once what is wrong. Offers are taken by a press alone.
  const draft = document.querySelector("form[data-keep]");
  if (draft) {
    const touched = new Set();
    let timer = 0;
    let asked = null;

    const holder = (input) => input.closest(".field, td");

    const offer = (input, text) => {
      let place = holder(input).querySelector(".offer");
      if (!text) return place?.remove();
      if (!place) {
        place = document.createElement("span");
        place.className = "offer";
        holder(input).append(place);
      }
      place.dataset.offer = text;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = draft.dataset.take + text;
      place.replaceChildren(button);
    };

    const show = (input, told) => {
      const hint = document.getElementById(`${input.id}-h`);
      if (told && told.wrong) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      input.closest(".field")?.classList.toggle("wrong", Boolean(told && told.wrong));
      if (hint) {
        if (hint.dataset.own === undefined) hint.dataset.own = hint.querySelector(".problem") ? "" : hint.textContent;
        const lines = told ? [told.named, ...told.said.map((text, nth) => `${text} → ${told.fix[nth]}`)].filter(Boolean) : [];
        hint.textContent = lines.join(" ") || hint.dataset.own;
        hint.classList.toggle("problem", Boolean(told && told.said.length));
        hint.classList.toggle("error", Boolean(told && told.wrong));
      }
    };

    const kept = document.getElementById("kept");
    let typed = 0; // how often something was typed
    let keptUpTo = 0; // as much of it stands in the draft: somebody may type on before the answer comes
    let unsaved = false; // what was typed could not be kept, for a reason that may pass: away, or logged out

    const say = (text, isError) => {
      if (kept.textContent !== text) kept.textContent = text; // a screen reader says it once
      kept.classList.toggle("problem", isError);
      kept.classList.toggle("error", isError);
    };

    // Logged in again elsewhere, the forms of this page need the token of that session.
    const renew = async () => {
      const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
      const token = page.querySelector("input[name=token]")?.value;
      if (!token || token === draft.elements.token.value) return false;
      for (const input of document.querySelectorAll("input[name=token]")) input.value = token;
      return true;
    };

    const count = () => draft.elements.sent.value++; // one that we gave up waiting for may arrive after the next
    const keep = async () => {
      count();
      const body = new URLSearchParams(new FormData(draft));
      const headers = { accept: "application/json" };
      return fetch(draft.dataset.keep, { method: "POST", body, headers, signal: asked.signal });
    };

    const judge = async () => {
      asked?.abort();
      asked = new AbortController();
      clearTimeout(timer);
      const sent = typed;
      let told;
      try {
        let answer = await keep();
        if (answer.status === 403 && (await renew())) answer = await keep();
        const said = await answer.json();
        unsaved = [401, 403, 503].includes(answer.status);
        if (!answer.ok || typed === sent) say(answer.ok ? draft.dataset.kept : said.said, !answer.ok);
        if (!answer.ok) return;
        keptUpTo = sent;
        draft.elements.base.value = said.base;
        told = said.fields;
      } catch (error) {
        if (error.name === "AbortError") return; // typed on meanwhile
        unsaved = true;
        say(draft.dataset.away, true);
        timer = setTimeout(judge, 5000);
        return;
      }
      const lines = [];
      for (const name of touched) {
        const input = draft.elements[name];
        if (!input) continue;
        show(input, told[name]);
        const row = input.closest("tr");
        if (row && told[name]) for (const text of told[name].said) lines.push(`${row.cells[0].textContent}: ${text}`);
      }
      document.getElementById("typed")?.replaceChildren(
        ...lines.map((text) => {
          const item = document.createElement("li");
          item.className = "problem error";
          item.textContent = text;
          return item;
        }),
      );
      for (const input of draft.querySelectorAll(".field input, td input")) offer(input, told[input.name]?.offer);
    };

    draft.addEventListener("submit", count);
    draft.addEventListener("input", (event) => {
      if (!event.target.name) return;
      touched.add(event.target.name);
      typed += 1;
      clearTimeout(timer);
      timer = setTimeout(judge, 400);
    });
    addEventListener("focus", () => unsaved && judge());
    addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
    addEventListener("pagehide", () => {
      if (typed === keptUpTo) return;
      count(); // what was sent before may arrive after this
      navigator.sendBeacon(draft.dataset.keep, new URLSearchParams(new FormData(draft)));
    });
    draft.addEventListener("submit", async (event) => {
      if (!unsaved) return; // else the browser would leave the page, and what was typed with it
      event.preventDefault();
      const button = event.submitter;
      await judge();
      if (!unsaved) draft.requestSubmit(button);
      else kept.scrollIntoView({ block: "center" });
    });
    draft.addEventListener("click", (event) => {
      const place = event.target.closest(".offer");
      if (!place || event.target.tagName !== "BUTTON") return;
      const input = place.parentElement.querySelector("input");
      input.value = place.dataset.offer;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.focus();
    });
    for (const place of draft.querySelectorAll(".offer")) offer(place.parentElement.querySelector("input"), place.dataset.offer);
  }

  // A file that is dropped on the form is the one that it sends.
  const zone = document.querySelector("form.dropzone");
  if (zone) {
    const over = (event) => {
      event.preventDefault();
      zone.classList.toggle("over", event.type === "dragover");
    };
    const file = zone.querySelector("input[type=file]");
    const look = () => {
      const isTooLarge = file.files.length && file.files[0].size > Number(zone.dataset.largest) * 1024 ** 2;
      file.setCustomValidity(isTooLarge ? zone.dataset.tooLarge : "");
    };
    file.addEventListener("change", look);
    zone.addEventListener("dragover", over);
    zone.addEventListener("dragleave", over);
    zone.addEventListener("drop", (event) => {
      over(event);
      if (!event.dataTransfer.files.length) return;
      file.files = event.dataTransfer.files;
      look();
      zone.requestSubmit();
    });
  }

  // A second press on a button, before the answer to the first has come, is no second wish.
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (sent.has(event.target)) return event.preventDefault();
    sent.add(event.target);
    setTimeout(() => sent.delete(event.target), 3000); // a download leaves the page where it is
  });
  addEventListener("pageshow", () => sent.clear());

  // What is wrong comes first after a save.
  const wrong = document.getElementById("problems");
  if (wrong) wrong.focus();
})();
