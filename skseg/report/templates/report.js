(() => {
  "use strict";
  const every = (selector, act, root = document) =>
    root.querySelectorAll(selector).forEach(act);
  const choose = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    every("input[type=radio]", (input) => {
      if (asked.get(input.name) === input.value) input.checked = true;
    });
  };
  choose();
  addEventListener("hashchange", choose);
  every("input[type=radio]", (input) =>
    input.addEventListener("change", () => {
      const state = new URLSearchParams();
      every("input[type=radio]:checked", (one) => state.set(one.name, one.value));
      history.replaceState(null, "", "#" + state);
    })
  );
  const key = (row, column) => row.cells[column].dataset.sort;
  const text = (cell) => cell.querySelector("bdi").textContent;
  const compare = (column) => (a, b) => {
    const [x, y] = [key(a, column), key(b, column)];
    if (x !== undefined && y !== undefined) return x - y;
    if (x !== undefined) return -1;
    if (y !== undefined) return 1;
    return text(a.cells[column]).localeCompare(text(b.cells[column]));
  };
  every("table.sortable", (table) =>
    every("thead th", (head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") === "descending";
        every("[aria-sort]", (other) => other.removeAttribute("aria-sort"), table);
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows].sort(compare(head.cellIndex));
        table.tBodies[0].append(...(up ? rows : rows.reverse()));
      });
    }, table)
  );
  const field = (cell) => {
    let value = cell.dataset.sort ?? text(cell);
    if (cell.dataset.sort === undefined && /^[=+\-@\t\r]/.test(value)) value = "'" + value;
    return '"' + value.replaceAll('"', '""') + '"';
  };
  every("table", (table) => {
    if (!navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy as CSV";
    button.setAttribute("aria-label", "Copy as CSV: " + table.caption.textContent);
    button.addEventListener("click", async () => {
      const rows = [...table.rows].map((row) => [...row.cells].map(field).join(","));
      await navigator.clipboard.writeText(rows.join("\r\n"));
      button.textContent = "Copied";
    });
    table.parentElement.after(button);
  });
})();
