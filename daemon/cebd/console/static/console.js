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

  document.addEventListener("keydown", (event) => {
    if (!event.target.closest || !event.target.closest("table.grid")) return;
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
    for (const line of text.split(/\r?\n/)) {
      const inputs = cells(grid().rows[at] || add());
      line.split("\t").forEach((value, nth) => {
        const input = inputs[column + nth];
        if (input) input.value = value.trim();
      });
      at += 1;
    }
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
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

    const judge = async () => {
      asked?.abort();
      asked = new AbortController();
      let told;
      try {
        const body = new URLSearchParams(new FormData(draft));
        const answer = await fetch(draft.dataset.keep, { method: "POST", body, signal: asked.signal });
        if (!answer.ok) return;
        told = (await answer.json()).fields;
      } catch {
        return; // typed on meanwhile, or the station is away: the next key asks again
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

    draft.addEventListener("input", (event) => {
      if (!event.target.name) return;
      touched.add(event.target.name);
      clearTimeout(timer);
      timer = setTimeout(judge, 400);
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
    zone.addEventListener("dragover", over);
    zone.addEventListener("dragleave", over);
    zone.addEventListener("drop", (event) => {
      over(event);
      if (!event.dataTransfer.files.length) return;
      zone.querySelector("input[type=file]").files = event.dataTransfer.files;
      zone.requestSubmit();
    });
  }

  // What is wrong comes first after a save.
  const wrong = document.getElementById("problems");
  if (wrong) wrong.focus();
})();
