// Sorts and filters the table, and loads the page again every five seconds. What was chosen is kept in the fragment of the
// address, which survives that and is sent nowhere.
(() => {
  "use strict";
  const seconds = 5;
  const body = document.querySelector("tbody");
  const rows = [...body.rows];
  const heads = [...document.querySelectorAll("th")];
  const groups = [...document.querySelectorAll(".counts button")];
  const search = document.querySelector("input[type=search]");
  const refresh = document.querySelector("input[type=checkbox]");
  const chosen = new URLSearchParams(location.hash.slice(1));

  const remember = (name, value) => {
    if (value) chosen.set(name, value); else chosen.delete(name);
    history.replaceState(null, "", "#" + chosen);
  };

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.order === undefined ? cell.textContent.toLowerCase() : Number(cell.dataset.order);
  };
  const compared = (left, right) => typeof left === "number" ? left - right : left.localeCompare(right, undefined, { numeric: true });

  const sort = () => {
    const column = Number(chosen.get("sort") ?? -1);
    const direction = chosen.has("down") ? -1 : 1;
    heads.forEach((head, index) => {
      if (index === column) head.setAttribute("aria-sort", direction < 0 ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    if (!heads[column]) return;
    const keys = new Map(rows.map(row => [row, keyOf(row, column)]));
    body.append(...[...rows].sort((left, right) => direction * compared(keys.get(left), keys.get(right))));
  };

  const filter = () => {
    const words = (chosen.get("search") ?? "").toLowerCase();
    const group = chosen.get("group");
    groups.forEach(button => button.setAttribute("aria-pressed", String(button.value === group)));
    for (const row of rows)
      row.hidden = (group !== null && row.dataset.group !== group) || !row.textContent.toLowerCase().includes(words);
  };

  heads.forEach((head, index) => head.firstElementChild.addEventListener("click", () => {
    const again = chosen.get("sort") === String(index);
    remember("down", again && !chosen.has("down") ? "1" : "");
    remember("sort", String(index));
    sort();
  }));
  groups.forEach(button => button.addEventListener("click", () => {
    remember("group", chosen.get("group") === button.value ? "" : button.value);
    filter();
  }));
  search.value = chosen.get("search") ?? "";
  search.addEventListener("input", () => { remember("search", search.value); filter(); });
  refresh.checked = !chosen.has("still");
  refresh.addEventListener("change", () => remember("still", refresh.checked ? "" : "1"));

  // Not while somebody types, selects text or looks elsewhere.
  setInterval(() => {
    const busy = document.hidden || document.activeElement === search || !getSelection().isCollapsed;
    if (refresh.checked && !busy) location.reload();
  }, seconds * 1000);

  document.querySelector(".tools").hidden = false;
  sort();
  filter();
})();
