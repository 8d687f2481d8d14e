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
